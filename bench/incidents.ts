import { createIncidentGate } from '../src/compose/incident-gate.js';
import { alertIdOf } from '../src/workflows/alert-messages.js';
import { incidentIdOf } from '../src/workflows/messages.js';
import type { BareLoad } from './bare-workflows.js';
import { names, slowReplica } from './bench-fleet.js';
import { onDurableServer, type DurableBench } from './durable-bench.js';
import type { BenchFigure } from './figure-table.js';

/** At once. */
const COUNT = 20;
/** Of each kind: a machine that others use may be half as fast in one of them. */
const TURNS = 6;
const WARM_UP = 3;
/** What makes waiting short: what is measured is the work, not the patience. */
const HASTY = {
  ...{ minSamples: 3, holdMs: 50, verifyTimeoutMs: 5_000, releaseAfterWindows: 0.001 },
  sliWindowMs: 1,
};

/**
 * Whole incidents a second, from the start request to the closed incident with its recovery, its release
 * and its analysis, against bare workflows with as many activities and children: so many of one kind at
 * once, then as many of the other, each kind first in every second turn, on the same server, so that what
 * the machine does meanwhile and what is left over weigh on both.
 */
export async function benchIncidents(): Promise<BenchFigure[]> {
  return onDurableServer(async (bench) => {
    const services = names(WARM_UP + TURNS * COUNT);
    await incidents(bench, services.splice(0, WARM_UP));
    const load = await loadOf(bench, slowReplica(names(1)[0] ?? '').fingerprint);
    await bareOnes(bench, 'warm-up', WARM_UP, load);
    let ownSeconds = 0;
    let bareSeconds = 0;
    const own = async () => (ownSeconds += await incidents(bench, services.splice(0, COUNT)));
    const bare = async (turn: number) =>
      (bareSeconds += await bareOnes(bench, `turn-${turn}`, COUNT, load));
    for (let turn = 0; turn < TURNS; turn += 1) {
      if (turn % 2 === 0) await own();
      await bare(turn);
      if (turn % 2 === 1) await own();
    }
    const all = TURNS * COUNT;
    return [
      {
        name: 'bare workflows with as many activities and children',
        value: all / bareSeconds,
        unit: '1/s',
      },
      { name: 'incidents', value: all / ownSeconds, unit: '1/s' },
      {
        name: 'incidents ÷ bare workflows',
        value: bareSeconds / ownSeconds,
        unit: '×',
        bound: 0.8,
        isLeast: true,
      },
    ];
  }, HASTY);
}

/** Runs an incident of each service at once; how many seconds until the last one ended, its alerts as well. */
async function incidents(
  { env, fleet }: DurableBench,
  services: readonly string[],
): Promise<number> {
  const gate = createIncidentGate(() => env.client, '');
  const violations = new Map(services.map((service) => [service, slowReplica(service)]));
  const resolving: Promise<unknown>[] = [];
  const seen = new Set<string>();
  // The detector's word, once the first change has made the SLI good again.
  fleet.onEffect = (service) => {
    const violation = violations.get(service);
    if (violation === undefined || seen.has(service)) return;
    seen.add(service);
    const word = { atMs: Date.now(), value: 110, why: 'back inside' };
    resolving.push(gate.resolve(violation.fingerprint, word));
  };
  const beganAt = performance.now();
  await Promise.all(
    [...violations.values()].map(async (violation) => {
      await gate.observe(violation, undefined);
      const handle = env.client.workflow.getHandle(incidentIdOf(violation.fingerprint));
      await handle.result();
      // Its alerts are told to their end after it.
      const { runId } = await handle.describe();
      await env.client.workflow.getHandle(alertIdOf(runId)).result();
    }),
  );
  const seconds = (performance.now() - beganAt) / 1000;
  fleet.onEffect = () => undefined;
  await Promise.all(resolving);
  return seconds;
}

async function bareOnes(
  { env }: DurableBench,
  name: string,
  count: number,
  load: BareLoad,
): Promise<number> {
  const beganAt = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const options = { workflowId: `${name}-${i}`, taskQueue: 'bare', args: [load] };
      await env.client.workflow.execute('bareLoad', options);
    }),
  );
  return (performance.now() - beganAt) / 1000;
}

/** The work that an incident's workflow and its children had, by their histories. */
async function loadOf(bench: DurableBench, fingerprint: string): Promise<BareLoad> {
  const { events = [] } = await bench.env.client.workflow
    .getHandle(incidentIdOf(fingerprint))
    .fetchHistory();
  const own = countOf(events ?? []);
  const children: BareLoad[] = [];
  for (const event of events ?? []) {
    const id = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
    if (id === undefined || id === null) continue;
    const history = await bench.env.client.workflow.getHandle(id).fetchHistory();
    children.push({ ...countOf(history.events ?? []), children: [] });
  }
  return { ...own, children };
}

function countOf(
  events: readonly {
    readonly activityTaskScheduledEventAttributes?: unknown;
    readonly markerRecordedEventAttributes?: { readonly markerName?: string | null } | null;
  }[],
): Omit<BareLoad, 'children'> {
  const isThere = (attributes: unknown) => attributes !== null && attributes !== undefined;
  const isLocal = (name: string | null | undefined) => name === 'core_local_activity';
  return {
    activities: events.filter((one) => isThere(one.activityTaskScheduledEventAttributes)).length,
    localActivities: events.filter((one) => isLocal(one.markerRecordedEventAttributes?.markerName))
      .length,
  };
}
