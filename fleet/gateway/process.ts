import path from 'node:path';
import { expositionContentType } from '../base/exposition.js';
import {
  createHttpService,
  jsonReply,
  textReply,
  type ServiceHandler,
} from '../base/http-service.js';
import { JsonLinesLog } from '../base/json-lines-log.js';
import { listenOnLoopback } from '../base/listen.js';
import { runChild, serveParent, startParameters } from '../base/parent-link.js';
import { readStateFile, writeStateFile } from '../base/state-file.js';
import { Backend, type BackendState } from './backend.js';
import { GatewayMetrics } from './gateway-metrics.js';
import { defaultMaxConnections, defaultWeight, type ServerSettings } from './gateway-server.js';
import { runHealthChecks } from './health-checks.js';
import { Proxy } from './proxy.js';
import { executeCommand, splitCommands } from './runtime-commands.js';
import { serveRuntimePort, serveRuntimeSocket } from './runtime-listener.js';
import { Upstream } from './upstream.js';

/** How the supervisor starts the gateway. */
export interface GatewayStart {
  readonly port: number;
  readonly runtimePort: number;
  readonly runtimeSocket: string | undefined;
  readonly stateDir: string;
  /** Servers of the configuration. */
  readonly configured: readonly string[];
  /** Ports of all engines, also of those that were added at run time. */
  readonly enginePorts: Readonly<Record<string, number>>;
}

/** One state-changing command in the admin log. */
interface AdminEntry {
  readonly command: string;
  readonly reply: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly changed: boolean;
}

function configuredServer(name: string, port: number): ServerSettings {
  return {
    name,
    address: '127.0.0.1',
    port,
    weight: defaultWeight,
    initialWeight: defaultWeight,
    admin: 'ready',
    checks: 'on',
    maxConnections: defaultMaxConnections,
  };
}

/** The configuration with what operators changed since; engines that moved keep their settings. */
function restoredBackend(start: GatewayStart, saved: BackendState | undefined): Backend {
  const backend = new Backend();
  const nowMs = Date.now();
  const kept = new Map(saved?.servers.map((server) => [server.name, server]));
  for (const name of start.configured) {
    const fresh = configuredServer(name, start.enginePorts[name] ?? 0);
    backend.add({ ...fresh, ...kept.get(name), port: fresh.port }, nowMs);
    kept.delete(name);
  }
  for (const server of kept.values()) {
    backend.add({ ...server, port: start.enginePorts[server.name] ?? server.port }, nowMs);
  }
  if (saved !== undefined) backend.maps.restore(saved.maps);
  return backend;
}

async function start(): Promise<object> {
  const parameters = startParameters() as GatewayStart;
  process.title = 'fleet gateway';
  const startedAtMs = Date.now();
  const stateFile = path.join(parameters.stateDir, 'gateway-state.json');
  const backend = restoredBackend(parameters, readStateFile(stateFile) as BackendState | undefined);
  const log = new JsonLinesLog<AdminEntry>(path.join(parameters.stateDir, 'gateway-admin.jsonl'));
  const metrics = new GatewayMetrics();
  const proxy = new Proxy(backend, new Upstream(), metrics);

  const execute = (line: string): string =>
    splitCommands(line)
      .map((command) => {
        const nowMs = Date.now();
        const queued = proxy.queued();
        const context = { backend, nowMs, queued, startedAtMs, served: metrics.total() };
        const { reply, change } = executeCommand(command, context);
        if (change !== undefined) {
          const changed = JSON.stringify(change.before) !== JSON.stringify(change.after);
          if (changed) writeStateFile(stateFile, backend.state());
          log.append({ command, reply: reply.trimEnd(), ...change, changed });
          proxy.serveQueue();
        }
        return `${reply}\n`;
      })
      .join('');

  const handler: ServiceHandler = (request) => {
    if (request.path.startsWith('/v1/')) return proxy.handle(request);
    switch (`${request.method} ${request.path}`) {
      case 'GET /metrics':
        return textReply(
          200,
          metrics.page(backend, proxy.queued(), startedAtMs),
          expositionContentType,
        );
      case 'GET /-/state':
        return jsonReply(200, backend.state());
      case 'GET /-/admin/log':
        return jsonReply(200, { entries: log.entries() });
      case 'GET /health':
        return textReply(200, 'ok\n');
      default:
        return jsonReply(404, { error: `no such resource: ${request.method} ${request.path}` });
    }
  };

  serveParent({});
  process.on('SIGTERM', () => process.exit(0));
  const port = await listenOnLoopback(
    createHttpService(handler),
    parameters.port,
    '--gateway-port',
  );
  const runtimePort = await serveRuntimePort(parameters.runtimePort, execute);
  if (parameters.runtimeSocket !== undefined) {
    await serveRuntimeSocket(parameters.runtimeSocket, execute);
  }
  runHealthChecks(backend, () => proxy.serveQueue());
  return { port, runtimePort };
}

runChild(start);
