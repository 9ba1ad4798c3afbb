import { Backend } from '../../../fleet/gateway/backend.js';
import type { ServerSettings } from '../../../fleet/gateway/gateway-server.js';
import { executeCommand, splitCommands } from '../../../fleet/gateway/runtime-commands.js';

/** The instant at which all tests of commands happen. */
export const testNowMs = 1_000_000;

/** A server as the fleet configures it. */
export const configured = (name: string, port: number): ServerSettings => ({
  name,
  address: '127.0.0.1',
  port,
  weight: 100,
  initialWeight: 100,
  admin: 'ready',
  checks: 'on',
  maxConnections: 0,
});

/** A backend with e1, e2 and e3 on 18101 to 18103, as in the recorded session. */
export function recordedBackend(): Backend {
  const backend = new Backend();
  for (const number of [1, 2, 3]) {
    backend.add(configured(`e${number}`, 18_100 + number), testNowMs - 32_000);
  }
  return backend;
}

/** Executes one line as the listener does; the answer with the line feeds that end it. */
export function run(backend: Backend, line: string): string {
  const context = { backend, nowMs: testNowMs, queued: 0, startedAtMs: 0, served: 0 };
  return splitCommands(line)
    .map((command) => `${executeCommand(command, context).reply}\n`)
    .join('');
}
