import { onTestFinished } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import { createToken, tokenReader } from '../../src/adapters/identity/tokens.js';
import { ROLES, type Role } from '../../src/domain/access.js';
import type { ServerParts } from '../../src/server/app.js';
import type { Authentication } from '../../src/server/authenticate.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import type { Incidents } from '../../src/server/incidents.js';
import { createSessions } from '../../src/server/session.js';
import type { Monitor } from '../../src/server/monitor.js';
import { Problem } from '../../src/server/problem.js';

const away = () => Promise.reject(new Problem(503, 'No answer', 'there is no Temporal here'));

/** No Temporal: nothing of the monitor can be read or ordered. */
const noMonitor: Monitor = {
  ...{ view: away, setMode: away, setMaintenance: away, addSilence: away, removeSilence: away },
};

/** Parts of a server over an empty archive, with a detector that is away and no Temporal. */
export async function serverParts(more: Partial<ServerParts> = {}): Promise<ServerParts> {
  const archive = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => archive.close());
  const parts: ServerParts = {
    archive,
    // No route that is asked for without further parts looks at incidents.
    incidents: {} as Incidents,
    monitor: noMonitor,
    schedule: () => [],
    detector: createDetectorClient('http://127.0.0.1:1'),
    breakers: {
      states: () => Promise.resolve([]),
      order: () => Promise.reject(new Error('not asked for here')),
    },
    targets: [],
    notifications: { channels: [], send: () => Promise.resolve() },
    slack: { apps: () => Promise.resolve([]), reply: () => Promise.resolve() },
    serveArchive: () => Promise.reject(new Error('not asked for here')),
    metrics: () => Promise.resolve(''),
    problems: () => Promise.resolve([]),
    uiLink: () => '',
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
    authentication: openToAll(),
    signers: () => Promise.resolve([]),
    guard: { hosts: new Set(['localhost', '127.0.0.1']), publicHost: undefined, isSecure: false },
    rateLimit: { perSecond: 10_000, burst: 10_000 },
    guardRole: () => undefined,
    version: '0.0.0',
    nowMs: Date.now,
  };
  return { ...parts, ...more };
}

const sessionsOf = (isCurrent: () => boolean) =>
  createSessions({
    key: new Uint8Array(32).fill(7),
    lifetimeMs: 3_600_000,
    isSecure: false,
    isCurrent,
    nowMs: Date.now,
  });

/** Nobody has to sign in. */
function openToAll(): Authentication {
  return { mode: 'open', readers: [], sessions: sessionsOf(() => true) };
}

/** One token of each role, by its role. */
export function withTokens(): {
  readonly authentication: Authentication;
  readonly tokens: Readonly<Record<Role, string>>;
} {
  const made = ROLES.map((role) => ({ name: `${role}-token`, role, ...createToken() }));
  const { read } = tokenReader(made, Date.now);
  const tokens = Object.fromEntries(made.map(({ role, token }) => [role, token]));
  return {
    authentication: { mode: 'required', readers: [read], sessions: sessionsOf(() => true) },
    tokens: tokens as Record<Role, string>,
  };
}

/** Health of a detector that has checked nothing yet. */
export const NO_HEALTH = {
  replicas: [],
  host: { loadPerCore: 0, memoryUsedPercent: 0, diskUsedPercent: 0 },
};
