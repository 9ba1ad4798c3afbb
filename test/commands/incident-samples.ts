import type { IncidentRecord } from '../../src/domain/archive.js';
import type { IncidentView } from '../../src/workflows/messages.js';
import { incidentDetailJson, incidentJson } from '../../src/server/incident-json.js';

const OPENED_AT_MS = Date.UTC(2026, 10, 24, 3, 4, 5);

/** An open incident in the archive. */
export const archivedIncident: IncidentRecord = {
  id: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  state: 'awaiting-approval',
  outcome: undefined,
  service: 'chat',
  replica: 'engine-2',
  threshold: 'request_latency_p95',
  metric: 'request_latency_p95',
  violationType: 'latency_breach',
  severity: 'critical',
  value: 913.26,
  limit: 250,
  unit: 'ms',
  openedAtMs: OPENED_AT_MS,
  resolvedAtMs: undefined,
  procedure: 'latency_spike',
  probableCause: undefined,
  revision: 3,
};

const step: IncidentView['steps'][number] = {
  id: 's2',
  action: 'load_balancer_adjust',
  target: { service: 'chat', replica: 'engine-2' },
  state: 'awaiting-approval',
  line: 'set server engines/engine-2 weight 10 (was 100)',
  startedAtMs: OPENED_AT_MS + 1_000,
  endedAtMs: undefined,
  before: undefined,
  after: undefined,
};

/** What its workflow says of it: its one step waits for an approval. */
export const liveIncident: IncidentView = {
  id: archivedIncident.id,
  runId: archivedIncident.runId,
  state: archivedIncident.state,
  outcome: undefined,
  violation: {} as IncidentView['violation'],
  openedAtMs: archivedIncident.openedAtMs,
  resolvedAtMs: undefined,
  procedure: 'latency_spike',
  why: 'latency_breach, critical',
  steps: [step],
  owed: [
    {
      step: {
        id: 's2',
        action: 'load_balancer_adjust',
        target: step.target,
        autonomy: 'approve',
        settleMs: 2_000,
        timeoutMs: 15_000,
        retries: 2,
        irreversible: undefined,
      },
      before: {},
      desired: {},
      undoLine: 'set server engines/engine-2 weight 100',
    },
  ],
  waiting: {
    kind: 'step',
    stepId: 's2',
    line: 'set server engines/engine-2 weight 10 (was 100)',
    untilMs: OPENED_AT_MS + 60_000,
    onTimeout: 'skip',
  },
  acknowledgedBy: undefined,
  probableCause: undefined,
  timeline: [],
};

/** An open incident as the API lists it. */
export const listedIncident = incidentJson(archivedIncident);

/** The same with its one step, which waits for an approval. */
export const waitingIncident = incidentDetailJson(
  archivedIncident,
  liveIncident,
  [{ atMs: OPENED_AT_MS, stage: 'violation', text: 'p95 of engine-2 is 913.3 ms' }],
  'http://127.0.0.1:8233/namespaces/paramedic/workflows/x',
);
