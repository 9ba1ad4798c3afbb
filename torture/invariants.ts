import { isDeepStrictEqual } from 'node:util';
import { BY_HAND } from '../src/drill/fleet-faults.js';
import type { Evidence, IncidentRow, TimelineRow } from './evidence.js';
import { groupBy } from './group-by.js';

/** A broken promise, in words with the figures that show it. */
export interface Finding {
  readonly invariant: InvariantName;
  readonly text: string;
}

/** What must hold after every run, whatever was done to paramedic. */
export const INVARIANTS = {
  'one-incident': 'every violation has exactly one incident',
  'no-double-effect': 'no effect is doubled',
  'undos-settled': 'every owed undo is done or escalated',
  'least-healthy': 'never fewer healthy replicas than allowed',
  'one-recovery': 'no two recoveries on one target',
  'all-settled': 'every incident settles',
  'records-complete': 'every report, timeline and audit line is there',
} as const;
export type InvariantName = keyof typeof INVARIANTS;

/** Checks all of them; empty when every one holds. */
export function checkInvariants(evidence: Evidence): readonly Finding[] {
  return [
    ...oneIncident(evidence),
    ...noDoubleEffect(evidence),
    ...undosSettled(evidence),
    ...leastHealthy(evidence),
    ...oneRecovery(evidence),
    ...allSettled(evidence),
    ...recordsComplete(evidence),
  ];
}

const finding = (invariant: InvariantName, text: string): Finding => ({ invariant, text });
const keyOf = ({ incidentId, runId }: { incidentId: string; runId: string }) =>
  `${incidentId} ${runId}`;

/** A violation may be seen by the log of the detector a while before Temporal takes its incident. */
const UNTIL_TAKEN_MS = 180_000;

function oneIncident({ incidents, violations, clockPlayMs }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const byId = groupBy(incidents, ({ id }) => id);
  for (const runs of byId.values()) {
    const ordered = [...runs].sort((a, b) => a.openedAtMs - b.openedAtMs);
    ordered.forEach((run, index) => {
      const next = ordered[index + 1];
      const endMs = run.resolvedAtMs ?? Infinity;
      if (next === undefined || next.openedAtMs >= endMs - clockPlayMs) return;
      const text = `${run.id}: run ${next.runId} opened before run ${run.runId} was resolved`;
      findings.push(finding('one-incident', text));
    });
  }
  for (const { fingerprint, atMs } of violations) {
    const runs = byId.get(`incident:${fingerprint}`) ?? [];
    const isTaken = runs.some(
      ({ openedAtMs, resolvedAtMs }) =>
        openedAtMs <= atMs + UNTIL_TAKEN_MS && (resolvedAtMs ?? Infinity) >= atMs - clockPlayMs,
    );
    if (isTaken) continue;
    const text = `${fingerprint} was violated at ${new Date(atMs).toISOString()}: no incident`;
    findings.push(finding('one-incident', text));
  }
  return findings;
}

/** An operation id is `run:step:n`; one step of one run restarts, scales or releases once. */
const OPERATION = /^(?<step>.+:[^:]+):\d+$/;

function noDoubleEffect({ gateway, supervisor }: Evidence): Finding[] {
  const again = gateway
    .filter(({ changed }) => !changed)
    .map(({ seq, command }) =>
      finding('no-double-effect', `gateway #${seq}: "${command}" set what was set already`),
    );
  // What a person does by hand is not paramedic's.
  const operations = supervisor.filter(
    ({ operationId }) => operationId !== null && !operationId.startsWith(BY_HAND),
  );
  const bySame = groupBy(operations, ({ operationId, what, target }) => {
    const step = OPERATION.exec(operationId ?? '')?.groups?.['step'] ?? operationId;
    // A scaling and its undo are two operations of one step; a restart has no undo.
    return what === 'restart' ? `${step} ${what} ${target}` : `${operationId} ${what} ${target}`;
  });
  const doubled = [...bySame]
    .filter(([, entries]) => entries.length > 1)
    .map(([same, entries]) =>
      finding('no-double-effect', `supervisor: ${same} took effect ${entries.length} times`),
    );
  return [...again, ...doubled];
}

/** Stages of a timeline that hand what is left to a person. */
const HANDED_OVER = new Set(['kept', 'escalated', 'undo-failed', 'aborted', 'rollback-incomplete']);

/** What is not as it was before the run, and how a line that hands it to a person names it. */
interface Left {
  readonly text: string;
  readonly named: RegExp;
}

function leftBehind({ balancer, replicas, release }: Evidence): Left[] {
  const left: Left[] = [];
  const { before, after } = balancer;
  for (const server of before.servers) {
    const { name, weight, admin } = server;
    const now = after.servers.find((s) => s.name === name);
    const was = `server ${name} was ${admin} of weight ${weight}`;
    // Servers come and go with their replicas.
    if (now === undefined) left.push({ text: `${was} and is gone`, named: /\bscale\b/ });
    else if (now.weight !== weight || now.admin !== admin) {
      const text = `${was} and is ${now.admin} of ${now.weight}`;
      left.push({ text, named: new RegExp(`\\b${name}\\b`) });
    }
  }
  for (const { name } of after.servers) {
    if (before.servers.some((server) => server.name === name)) continue;
    left.push({ text: `server ${name} was not there`, named: /\bscale\b/ });
  }
  for (const [map, entries] of Object.entries(after.maps)) {
    if (isDeepStrictEqual(entries, before.maps[map])) continue;
    const text = `map ${map} is ${JSON.stringify(entries)}`;
    left.push({ text, named: new RegExp(`\\b${map}\\b`) });
  }
  if (replicas.before !== replicas.after) {
    const text = `there were ${replicas.before} replicas and are ${replicas.after}`;
    left.push({ text, named: /\bscale\b/ });
  }
  if (release.before !== release.after) {
    const text = `release was ${release.before} and is ${release.after}`;
    left.push({ text, named: /\brelease\b/ });
  }
  return left;
}

function undosSettled(evidence: Evidence): Finding[] {
  // Only what was told of that very thing excuses it: what another incident left has its own line.
  const told = evidence.timeline.filter(
    ({ stage, line }) =>
      stage === 'stays' || (HANDED_OVER.has(stage) && /by hand|a person must/.test(line)),
  );
  return leftBehind(evidence)
    .filter(({ named }) => !told.some(({ line }) => named.test(line)))
    .map(({ text }) => finding('undos-settled', `${text}, and nobody was told`));
}

function leastHealthy({ gateway, minHealthyReplicas }: Evidence): Finding[] {
  return gateway
    .filter(({ inService }) => inService !== undefined && inService < minHealthyReplicas)
    .map(({ seq, command, inService }) =>
      finding(
        'least-healthy',
        `gateway #${seq}: after "${command}" ${inService} server(s) were left`,
      ),
    );
}

/** A recovery acts from its plan to its outcome. */
const ENDS = new Set([
  'recovered',
  'rolled-back',
  'rollback-incomplete',
  'aborted',
  'recovery-lost',
]);

interface Acting {
  readonly incident: IncidentRow;
  readonly fromMs: number;
  readonly toMs: number;
}

function actingOf(incident: IncidentRow, lines: readonly TimelineRow[]): Acting[] {
  const acting: Acting[] = [];
  let fromMs: number | undefined;
  for (const { stage, atMs } of lines) {
    if (stage === 'try' && fromMs === undefined) fromMs = atMs;
    if (!ENDS.has(stage) || fromMs === undefined) continue;
    acting.push({ incident, fromMs, toMs: atMs });
    fromMs = undefined;
  }
  return acting;
}

function oneRecovery({ incidents, timeline }: Evidence): Finding[] {
  const lines = groupBy(timeline, keyOf);
  const all = incidents.flatMap((incident) => {
    const own = lines.get(keyOf({ incidentId: incident.id, runId: incident.runId })) ?? [];
    return actingOf(
      incident,
      [...own].sort((a, b) => a.sequence - b.sequence),
    );
  });
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => isSameTarget(one.incident, other.incident))
      // Temporal's clock stamps all of these lines: they can be compared to the millisecond.
      .filter((other) => one.fromMs < other.toMs && other.fromMs < one.toMs)
      .map((other) =>
        finding('one-recovery', `${one.incident.id} and ${other.incident.id} acted at once`),
      ),
  );
}

/** A recovery of the service as a whole excludes those of its replicas. */
function isSameTarget(a: IncidentRow, b: IncidentRow): boolean {
  if (a.service !== b.service) return false;
  return a.replica === b.replica || a.replica === null || b.replica === null;
}

function allSettled({ incidents }: Evidence): Finding[] {
  return incidents
    .filter(({ state, resolvedAtMs }) => state !== 'resolved' || resolvedAtMs === null)
    .map(({ id, runId, state }) => finding('all-settled', `${id} (${runId}) is still ${state}`));
}

function recordsComplete({ incidents, timeline, reports, audit, orders }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const reported = new Set(reports.map(keyOf));
  const lines = groupBy(timeline, keyOf);
  for (const { id, runId, state } of incidents) {
    const key = keyOf({ incidentId: id, runId });
    if (state === 'resolved' && !reported.has(key)) {
      findings.push(finding('records-complete', `${id} (${runId}) has no report`));
    }
    const sequences = (lines.get(key) ?? []).map(({ sequence }) => sequence).sort((a, b) => a - b);
    const gap = sequences.findIndex((sequence, index) => sequence !== index + 1);
    if (gap >= 0 || sequences.length === 0) {
      const text = `${id} (${runId}): line ${gap + 1} of its timeline is missing`;
      findings.push(finding('records-complete', text));
    }
  }
  const left = audit.map(({ what, target }) => `${what} ${target}`);
  for (const { incidentId, order } of orders) {
    const at = left.indexOf(`${order} ${incidentId}`);
    if (at >= 0) left.splice(at, 1);
    else findings.push(finding('records-complete', `no audit line of ${order} of ${incidentId}`));
  }
  return findings;
}
