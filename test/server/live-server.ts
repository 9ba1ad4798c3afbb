import { onTestFinished } from 'vitest';
import { roleGuard } from '../../src/adapters/identity/role-guard.js';
import { listen } from '../../src/compose/http-listener.js';
import type { IncidentRecord } from '../../src/domain/archive.js';
import type { Role } from '../../src/domain/access.js';
import { createApp, type ServerParts } from '../../src/server/app.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import { Problem } from '../../src/server/problem.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector, P95, started } from '../detector/make-detector.js';
import { scratchFolder } from '../support/scratch.js';
import { listenTo } from './internal-listener.js';
import { memoryMonitor } from './memory-monitor.js';
import { serverParts, withTokens } from './server-parts.js';

/** The one incident of the archive. */
export const INCIDENT: IncidentRecord = {
  ...{ id: 'incident:chat:e1:request_latency_p95', runId: 'run-1', state: 'escalated' },
  ...{ outcome: 'rolled-back', service: 'chat', replica: 'e1', threshold: P95.name },
  ...{ metric: P95.metric, violationType: 'latency_breach', severity: 'major' },
  ...{ value: 900, limit: 250, unit: 'ms', openedAtMs: Date.UTC(2026, 10, 24) },
  ...{ resolvedAtMs: undefined, procedure: 'latency_spike', probableCause: 'e1 throttles' },
  revision: 1,
};

/** A server and its detector, each at a port of its own. */
export interface LiveServer {
  readonly url: string;
  readonly port: number;
  readonly detectorPort: number;
  readonly tokens: Readonly<Record<Role, string>>;
  readonly parts: ServerParts;
  /** Whatever went wrong inside: nothing should. */
  readonly errors: string[];
}

/** Server and detector over real sockets, with one token of each role and one incident. */
export async function liveServer(
  more: Partial<ServerParts> = {},
  internalToken?: string,
): Promise<LiveServer> {
  const errors: string[] = [];
  const { detector } = await started(makeDetector(scratchFolder(), new FakeIncidents()));
  const inner = await listenTo({
    detector,
    metrics: () => '',
    push: { services: new Map([['chat', new Set(['e1', 'e2', 'e3'])]]), isOwn: () => true },
    onError: (text) => errors.push(`detector: ${text}`),
    guard: internalToken === undefined ? () => undefined : roleGuard(internalToken),
  });
  const { authentication, tokens } = withTokens();
  const parts = await serverParts({
    authentication,
    detector: createDetectorClient(inner.url, internalToken),
    monitor: memoryMonitor(Date.now),
    incidents: {
      find: (id) =>
        id === INCIDENT.id
          ? Promise.resolve(INCIDENT)
          : Promise.reject(new Problem(404, 'Unknown incident', 'no such incident')),
      live: () => Promise.resolve(undefined),
      operate: (id, operation) =>
        id === INCIDENT.id
          ? Promise.resolve(`${operation}: taken`)
          : Promise.reject(new Problem(404, 'Not running', 'it is not open')),
      setKillSwitch: ({ on, by = '', reason = '' }) =>
        Promise.resolve({ isOn: on, by, reason, atMs: Date.now() }),
    },
    onError: (what, error) => errors.push(`${what}: ${String(error)}`),
    ...more,
  });
  await parts.archive.putIncident(INCIDENT);
  await parts.archive.putReport({
    ...{ id: 'report-1', incidentId: INCIDENT.id, runId: INCIDENT.runId, createdAtMs: 1 },
    ...{ service: 'chat', category: 'infrastructure', likelihood: 0.9, isConfident: true },
    ...{ features: [] },
    ...{ probableCause: 'e1 throttles', body: '{"version":1}', markdown: '# e1 throttles' },
  });
  const at = { host: '127.0.0.1', port: 0, setting: 'none' };
  const outer = await listen(createApp(parts), at);
  onTestFinished(() => outer.stop());
  const url = `http://127.0.0.1:${outer.port}`;
  return { url, port: outer.port, detectorPort: inner.port, tokens, parts, errors };
}
