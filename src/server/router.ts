import { Hono } from 'hono';
import type { Principal } from '../domain/access.js';
import { originOf } from './caller.js';
import type { Operation } from './operation.js';
import { Problem } from './problem.js';
import { serveOperation, type Serving } from './serve-operation.js';

/** What requests carry through the app. */
export interface AppEnv {
  readonly Variables: { readonly principal: Principal | undefined };
}

/** Serves the operations; a path of theirs with another method is 405. */
export function operationRoutes(operations: readonly Operation[], serving: Serving): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const operation of operations) {
    const { method, path } = operation;
    app.on(method.toUpperCase(), routeOf(path), (context) =>
      serveOperation(
        operation,
        {
          request: context.req.raw,
          params: context.req.param(),
          query: context.req.query(),
          principal: context.get('principal'),
          origin: originOf(context.req.raw, context.env),
        },
        serving,
      ),
    );
  }
  const methods = new Map<string, string[]>();
  for (const { path, method } of operations) {
    const known = methods.get(path) ?? [];
    methods.set(path, [...known, method.toUpperCase()]);
  }
  for (const [path, known] of methods) {
    const allow = known.join(', ');
    app.all(routeOf(path), () => {
      throw new Problem(405, 'Not possible', `this takes ${allow}`, { headers: { allow } });
    });
  }
  return app;
}

/** `/v1/breakers/{id}` as the router writes it. */
const routeOf = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');
