import { request } from 'node:http';
import type { Backend } from './backend.js';
import {
  checkRise,
  fullHealth,
  setUp,
  type CheckOutcome,
  type GatewayServer,
} from './gateway-server.js';

/** Rhythm of checks: `inter 1s fastinter 300ms`, milliseconds. */
const interMs = 1000;
const fastInterMs = 300;
/** How long one check may take: HAProxy's default is `inter`. */
const checkTimeoutMs = 1000;

interface CheckResult {
  readonly outcome: CheckOutcome;
  readonly status: number;
}

/** Asks for /health over a connection of its own, as HAProxy's checks do. Never rejects. */
function checkHealth(address: string, port: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const call = request({ host: address, port, path: '/health', agent: false }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      clearTimeout(timer);
      resolve({ outcome: status >= 200 && status < 400 ? 'L7OK' : 'L7STS', status });
    });
    const timer = setTimeout(() => {
      resolve({ outcome: 'L7TOUT', status: 0 });
      call.destroy();
    }, checkTimeoutMs);
    call.once('error', () => {
      clearTimeout(timer);
      resolve({ outcome: 'L4CON', status: 0 });
    });
    call.end();
  });
}

/**
 * Counts a check's result as HAProxy does: a server is up while it has at least `rise` passes
 * in a row to its credit; a failure while fully up costs one credit, a second one all.
 */
export function countCheck(server: GatewayServer, result: CheckResult, nowMs: number): void {
  server.checkOutcome = result.outcome;
  server.checkStatus = result.status;
  if (result.outcome === 'L7OK') {
    server.checkHealth = Math.min(fullHealth, server.checkHealth + 1);
  } else {
    server.counters.failedChecks += 1;
    server.checkHealth = server.checkHealth > checkRise ? server.checkHealth - 1 : 0;
  }
  setUp(server, server.checkHealth >= checkRise, nowMs);
}

/** Time until the next check: short while the server is between up and down. */
function pauseMs(server: GatewayServer): number {
  const isSettled = server.checkHealth === fullHealth || !server.isUp;
  return isSettled && server.checkHealth % fullHealth === 0 ? interMs : fastInterMs;
}

/** Checks every server in its own rhythm, for as long as the process lives. */
export function runHealthChecks(backend: Backend, onChange: () => void): void {
  const dueAtMs = new WeakMap<GatewayServer, number>();
  const checkServer = async (server: GatewayServer): Promise<void> => {
    dueAtMs.set(server, Infinity);
    const result = await checkHealth(server.address, server.port);
    // An operator's maintenance, or the end of checks, that came meanwhile outranks the result.
    if (server.admin !== 'maint' && server.checks === 'on') {
      countCheck(server, result, Date.now());
      onChange();
    }
    dueAtMs.set(server, performance.now() + pauseMs(server));
  };
  setInterval(() => {
    for (const server of backend.servers()) {
      if (server.checks !== 'on' || server.admin === 'maint') continue;
      if ((dueAtMs.get(server) ?? 0) <= performance.now()) void checkServer(server);
    }
  }, 100);
}
