import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchFigure } from './figure-table.js';
import { cpuSecondsOf, peakMebibytesOf } from './process-usage.js';
import { quantile } from './quantile.js';
import { ScalingStack, type ScalingSize } from './scaling-stack.js';

/** It takes up to half an hour and the whole machine: only by `--only scaling`. */
export const ONLY_BY_NAME = true;

/** A smaller one, for a look: `SCALING_SERVICES=10 SCALING_REPLICAS=20 SCALING_ILL=2`. */
const given = (name: string, usual: number) => Number(process.env[`SCALING_${name}`] ?? usual);
const SIZE: ScalingSize = {
  ...{ detectors: 4, copies: given('COPIES', 1), workers: 4 },
  services: given('SERVICES', 100),
  replicasPerService: given('REPLICAS', 50),
  illPerService: given('ILL', 5),
  ...{ scrapeInterval: '15s', window: '60s' },
};
/** Each replica was scraped four times by then. */
const WARM_UP_MS = 60_000;
const CALM_MS = 30_000;
/** What has not come to be so after this is told as not measured. */
const WITHIN_MS = 10 * 60_000;
const LOOK_EVERY_MS = 1_000;

/** CPU seconds of each role, all its processes together. */
type Usage = ReadonlyMap<string, number>;

/**
 * Four detectors, four workers, a server and one dev server of Temporal as processes of their own, over
 * 5,000 replicas of which 500 become slow at one instant: how long until each has its incident, until
 * all are analysed, and, once they are mended, until all are closed; and what it costs whom. Nothing can
 * be done to these replicas: what is measured is detection and the durable way, not a load balancer.
 */
export async function benchScaling(): Promise<BenchFigure[]> {
  const stack = new ScalingStack(SIZE);
  try {
    await stack.start();
    return await measure(stack);
  } finally {
    await stack.stop();
  }
}

async function measure(stack: ScalingStack): Promise<BenchFigure[]> {
  const count = SIZE.services * SIZE.illPerService;
  await sleep(WARM_UP_MS);
  const calmFrom = mark(stack);
  await sleep(CALM_MS);
  const calm = since(stack, calmFrom);
  const storm = mark(stack);
  stack.makeSlow(true);
  const open = () => stack.client.workflow.count(OPEN);
  const opened = await sinceUntil(stack, storm, async () => (await open()).count >= count);
  const reports = async () =>
    (JSON.parse(await stack.get('/metrics/summary')) as { rca_analyses_24h: number })
      .rca_analyses_24h;
  const analysed = await sinceUntil(stack, storm, async () => (await reports()) >= count);
  const mended = mark(stack);
  stack.makeSlow(false);
  const closed = await sinceUntil(stack, mended, async () => (await open()).count === 0);
  const runs = await runsOf(stack);
  const detected = saidBy(stack, 'violation opened', Math.min);
  const ended = saidBy(stack, 'violation resolved', Math.max);
  const starts = runs.map(({ of, startedAtMs }) => startedAtMs - (detected.get(of) ?? NaN));
  const ends = runs.map(({ of, closedAtMs }) => closedAtMs - (ended.get(of) ?? NaN));
  const first = Math.min(...detected.values());
  const last = Math.max(...runs.map(({ startedAtMs }) => startedAtMs));
  const firstEnd = Math.min(...ended.values());
  const lastClosed = Math.max(...runs.map(({ closedAtMs }) => closedAtMs));
  const total = runs.length;
  return [
    plain('replicas watched', SIZE.services * SIZE.replicasPerService, ''),
    plain('detectors that watch each of them', SIZE.copies, ''),
    plain('violations found', detected.size, ''),
    {
      name: 'incidents, each violation exactly one',
      value: total,
      unit: '',
      bound: count,
      isLeast: true,
    },
    { name: 'incidents beyond one for each violation', value: total - count, unit: '', bound: 0 },
    plain('from the fault to the first violation', (first - storm.atMs) / 1000, 's'),
    plain('from the first violation to the last incident', (last - first) / 1000, 's'),
    plain('incidents opened', count / ((last - first) / 1000), '1/s'),
    plain('violation to incident, p50', quantile(starts, 0.5), 'ms'),
    plain('violation to incident, p99', quantile(starts, 0.99), 'ms'),
    plain('from the fault until all are open', lengthOf(opened), 's'),
    plain('from the fault until all are analysed', lengthOf(analysed), 's'),
    plain(
      'from the mending to the end of the first violation',
      (firstEnd - mended.atMs) / 1000,
      's',
    ),
    plain(
      'from the end of the first violation until all are closed',
      (lastClosed - firstEnd) / 1000,
      's',
    ),
    plain('end of a violation to its incident closed, p50', quantile(ends, 0.5), 'ms'),
    plain('end of a violation to its incident closed, p99', quantile(ends, 0.99), 'ms'),
    ...(await latencies(stack)),
    ...shares('calm', calm),
    ...shares('while they open', opened),
    ...shares('until analysed', analysed),
    ...shares('while they close', closed),
    ...memory(stack),
  ];
}

const OPEN = "WorkflowType = 'incident' AND ExecutionStatus = 'Running'";
const lengthOf = ({ seconds, isLate }: { seconds: number; isLate: boolean }) =>
  isLate ? NaN : seconds;
const plain = (name: string, value: number, unit: string): BenchFigure => ({ name, value, unit });

interface Mark {
  readonly atMs: number;
  readonly cpu: Usage;
}

function mark(stack: ScalingStack): Mark {
  const cpu = new Map<string, number>();
  for (const [name, pid] of stack.processes()) {
    const role = roleOf(name);
    cpu.set(role, (cpu.get(role) ?? 0) + cpuSecondsOf(pid));
  }
  return { atMs: Date.now(), cpu };
}

/** `detector-2` and `worker-3` count with their kind. */
const roleOf = (name: string) => name.replace(/-\d+$/, '');

function since(stack: ScalingStack, from: Mark): { seconds: number; cpu: Usage } {
  const now = mark(stack);
  return {
    seconds: (now.atMs - from.atMs) / 1000,
    cpu: new Map([...now.cpu].map(([role, used]) => [role, used - (from.cpu.get(role) ?? 0)])),
  };
}

function shares(phase: string, { seconds, cpu }: { seconds: number; cpu: Usage }): BenchFigure[] {
  return [...cpu].flatMap(([role, used]) => [
    plain(`${role}, ${phase}: CPU`, used, 's'),
    plain(`${role}, ${phase}: cores`, used / seconds, ''),
  ]);
}

function memory(stack: ScalingStack): BenchFigure[] {
  return [...stack.processes()].map(([name, pid]) =>
    plain(`${name}: most memory`, peakMebibytesOf(pid), 'MiB'),
  );
}

/** Every run of an incident: of which fingerprint, and when it began and ended, Unix ms. */
async function runsOf(stack: ScalingStack) {
  const runs: { of: string; startedAtMs: number; closedAtMs: number }[] = [];
  const query = "WorkflowType = 'incident'";
  for await (const { workflowId, startTime, closeTime } of stack.client.workflow.list({ query })) {
    runs.push({
      of: workflowId.replace(/^incident:/, ''),
      startedAtMs: startTime.getTime(),
      closedAtMs: closeTime?.getTime() ?? NaN,
    });
  }
  return runs;
}

/**
 * When the detectors said that of each fingerprint, Unix ms: of several that watch it, and of several
 * times, the one that `which` chooses.
 */
function saidBy(stack: ScalingStack, what: string, which: typeof Math.min) {
  const found = new Map<string, number>();
  for (const { msg, fingerprint, time } of stack.detectorLogs()) {
    if (msg !== what || typeof fingerprint !== 'string') continue;
    const atMs = Date.parse(String(time));
    found.set(fingerprint, which(atMs, found.get(fingerprint) ?? atMs));
  }
  return found;
}

/** Means of what Temporal's SDK measured in all workers: how long tasks waited to be taken. */
async function latencies(stack: ScalingStack): Promise<BenchFigure[]> {
  const text = await stack.get('/metrics');
  return (['workflow_task', 'activity'] as const).map((kind) => {
    const sum = (part: string) => {
      const name = `temporal_${kind}_schedule_to_start_latency_seconds_${part}`;
      const values = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))];
      return values.reduce((total, [, value]) => total + Number(value), 0);
    };
    const name = `${kind.replace('_', ' ')}: wait until a worker took it, mean`;
    return plain(name, (1000 * sum('sum')) / sum('count'), 'ms');
  });
}

/** What was used from a mark until something is so; without a length of time where it never was. */
async function sinceUntil(stack: ScalingStack, from: Mark, isSo: () => Promise<boolean>) {
  const untilMs = Date.now() + WITHIN_MS;
  // A loaded server may be late with an answer; what counts is that it comes to be so.
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > untilMs) return { ...since(stack, from), isLate: true };
    await sleep(LOOK_EVERY_MS);
  }
  return { ...since(stack, from), isLate: false };
}
