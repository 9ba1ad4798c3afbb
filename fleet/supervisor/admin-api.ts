import { expositionContentType } from '../base/exposition.js';
import {
  jsonReply,
  readJsonObject,
  textReply,
  type ServiceHandler,
  type ServiceReply,
} from '../base/http-service.js';
import { clearFaults, injectFault, listFaults } from './fault-api.js';
import { activateRelease, scale } from './fleet-operations.js';
import { hostMetrics } from './host-metrics.js';
import { badRequest, type OperationReply } from './operations.js';
import { releases, type ReplicaSet } from './replica-set.js';
import { operateReplica } from './replica-operations.js';

/** What the API reaches besides the engines. */
export interface AdminApiContext {
  readonly set: ReplicaSet;
  readonly runtimePort: () => number;
  readonly loadReport: () => Promise<unknown>;
  readonly setLoadRate: (rps: number) => Promise<unknown>;
  readonly describe: () => unknown;
}

const toReply = ({ status, body }: OperationReply): ServiceReply => jsonReply(status, body);

function get(
  context: AdminApiContext,
  parts: readonly string[],
  query: URLSearchParams,
): ServiceReply | Promise<ServiceReply> | undefined {
  const { set } = context;
  const [first = '', second, third] = parts;
  if (second === undefined) {
    switch (first) {
      case 'replicas':
        return jsonReply(200, { replicas: set.list().map((replica) => replica.view()) });
      case 'releases':
        return jsonReply(200, {
          active: set.activeRelease(),
          known: releases.map((release) => ({
            ...release,
            activatedAtMs: set.log.activatedAtMs(release.id),
          })),
        });
      case 'log':
        return jsonReply(200, { entries: set.log.entries() });
      case 'changes':
        return jsonReply(200, { changes: set.log.changes(Number(query.get('sinceMs') ?? 0)) });
      case 'faults':
        return jsonReply(200, listFaults(set));
      case 'load':
        return context.loadReport().then((report) => jsonReply(200, report ?? {}));
      case 'fleet':
        return jsonReply(200, context.describe());
      default:
        return undefined;
    }
  }
  const replica = first === 'replicas' ? set.find(second) : undefined;
  if (replica === undefined) return undefined;
  if (third === undefined) return jsonReply(200, replica.view());
  if (third !== 'logs') return undefined;
  const lines = replica.output.tail(Number(query.get('tail') ?? 100));
  return textReply(
    200,
    lines
      .map((line) => `${new Date(line.atMs).toISOString()} ${line.stream} ${line.line}\n`)
      .join(''),
  );
}

async function post(
  context: AdminApiContext,
  parts: readonly string[],
  body: Readonly<Record<string, unknown>>,
): Promise<ServiceReply | undefined> {
  const { set } = context;
  const [first, second, third] = parts;
  if (first === 'scale' && second === undefined) {
    return toReply(await scale(set, body, context.runtimePort()));
  }
  if (first === 'faults' && second === undefined) return toReply(injectFault(set, body));
  if (first === 'load' && second === undefined) {
    const { rps } = body;
    if (typeof rps !== 'number' || !(rps >= 0 && rps <= 2000)) {
      return toReply(badRequest('rps: expected a number from 0 to 2000'));
    }
    return jsonReply(200, await context.setLoadRate(rps));
  }
  if (second === undefined) return undefined;
  if (first === 'replicas' && (third === 'restart' || third === 'stop' || third === 'start')) {
    return toReply(await operateReplica(set, second, third, body));
  }
  if (first === 'releases' && third === 'activate') {
    return toReply(await activateRelease(set, second, body));
  }
  return undefined;
}

/** The supervisor's admin API. */
export function adminApi(context: AdminApiContext): ServiceHandler {
  return async (request) => {
    const { method, path, query } = request;
    if (method === 'GET' && path === '/metrics') {
      return textReply(200, hostMetrics(context.set.list()), expositionContentType);
    }
    if (method === 'GET' && path === '/health') return textReply(200, 'ok\n');
    const parts = path.startsWith('/v1/') ? path.slice(4).split('/').map(decodeURIComponent) : [];
    let reply: ServiceReply | undefined;
    if (method === 'GET') {
      reply = await get(context, parts, query);
    } else if (method === 'POST') {
      const body = readJsonObject(request.body);
      if (body === undefined) return toReply(badRequest('body: expected a JSON object'));
      reply = await post(context, parts, body);
    } else if (method === 'DELETE' && parts[0] === 'faults') {
      const [, fault] = parts;
      reply = toReply(clearFaults(context.set, fault, query.get('replica') ?? undefined));
    }
    return reply ?? jsonReply(404, { error: `no such resource: ${method} ${path}` });
  };
}
