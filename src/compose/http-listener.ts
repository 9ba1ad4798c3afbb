import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Running } from './role.js';

/** What answers requests: a Hono app, whatever its context carries. */
export interface Servable {
  readonly fetch: Hono['fetch'];
}

/** Who sends slowly must not hold a connection for ever ("slowloris"). */
const PATIENCE = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
};
/** Far more than a fleet’s people and programs open; each costs some 20 KiB. */
const MAX_CONNECTIONS = 2_000;

/**
 * Serves an app until stopped; `patience` is Node's settings of how long a request may take to arrive.
 *
 * @throws Error naming the port and the setting that changes it, when it is taken.
 */
export function listen(
  app: Servable,
  at: { readonly host: string; readonly port: number; readonly setting: string },
  patience: typeof PATIENCE = PATIENCE,
): Promise<Running & { readonly port: number }> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: patience });
  if ('maxConnections' in server) server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE'
          ? `port ${at.port} of ${at.host} is taken: free it, or set ${at.setting}`
          : `can’t listen on ${at.host}:${at.port}: ${cause.message}`;
      reject(new Error(why, { cause }));
    });
    server.listen(at.port, at.host, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : at.port,
        stop: () =>
          new Promise((done) => {
            server.close(() => done());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
  });
}
