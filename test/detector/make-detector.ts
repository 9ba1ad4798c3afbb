import path from 'node:path';
import { onTestFinished } from 'vitest';
import { prometheusText } from '../../src/adapters/sources/prometheus-text.js';
import { SeriesTable } from '../../src/adapters/sources/series-table.js';
import type { Source } from '../../src/adapters/sources/source.js';
import { readThresholds, thresholdText } from '../../src/config/threshold-text.js';
import { Detector } from '../../src/detector/detector.js';
import type { DetectorOptions } from '../../src/detector/detector-options.js';
import { DEFAULT_SLA_POLICY } from '../../src/domain/sla/policy.js';
import type { SlaEvent } from '../../src/domain/sla/samples.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import type { FakeIncidents } from './fake-incidents.js';

/** The p95 of request latency, judged over 20 s. */
export const P95 = { ...DEFAULT_THRESHOLDS[0]!, windowMs: 20_000 };

/** A detector and what it said, in a clock of its own. */
export interface Made {
  readonly detector: Detector;
  readonly events: SlaEvent[];
  readonly problems: string[];
}

/** A detector over a folder; what is given replaces the defaults. It is not started. */
export function makeDetector(
  folder: string,
  gate: FakeIncidents,
  given: Partial<DetectorOptions> = {},
): Made {
  const events: SlaEvent[] = [];
  const problems: string[] = [];
  const detector = new Detector({
    thresholds: [P95],
    slos: [],
    thresholdForm: { read: readThresholds, text: thresholdText },
    policy: { ...DEFAULT_SLA_POLICY, latenessMs: 0 },
    sliPolicy: {},
    services: ['chat'],
    sources: [],
    maxConcurrentScrapes: 8,
    retentionMs: 3_600_000,
    maxSampleBytes: 1 << 24,
    gate,
    source: 'test',
    tellFacts: () => Promise.resolve(),
    files: {
      snapshot: path.join(folder, 'detector.snapshot'),
      thresholds: path.join(folder, 'thresholds.json'),
      reports: path.join(folder, 'reports.json'),
      budgets: path.join(folder, 'error-budgets.json'),
    },
    snapshotEveryMs: 3_600_000,
    now: Date.now,
    onEvent: (event) => events.push(event),
    onProblem: (what, error) => problems.push(`${what}: ${String(error)}`),
    onDispatched: () => undefined,
    onCalled: () => undefined,
    onPollFailed: () => undefined,
    ...given,
  });
  return { detector, events, problems };
}

/** Starts it, and stops it with the test at the latest. */
export async function started(made: Made): Promise<Made> {
  await made.detector.start();
  let isStopped = false;
  const stop = made.detector.stop.bind(made.detector);
  made.detector.stop = async () => {
    if (!isStopped) await stop();
    isStopped = true;
  };
  onTestFinished(() => made.detector.stop());
  return made;
}

/** Scrapes of these replicas, ten times a second. */
export function scrapesOf(replicas: Readonly<Record<string, string>>): Source {
  return prometheusText.create(
    {
      period: 100,
      timeout: 400,
      bodyLimit: 1 << 20,
      targets: Object.entries(replicas).map(([replica, url]) => ({
        ...{ url, service: 'chat', replica, role: undefined, bearerToken: undefined },
        ...{ headers: {}, match: {}, replicaByServer: {} },
      })),
    },
    { table: new SeriesTable() },
  );
}

/** Pushes values of the p95, a second apart, the first one at `fromMs`. */
export function pushAll(
  { detector }: Made,
  fromMs: number,
  values: readonly number[],
  replica: string | undefined = 'e1',
): void {
  values.forEach((value, i) => {
    detector.push({
      ...{ metric: P95.metric, service: 'chat', replica, value },
      atMs: fromMs + 1000 * i,
    });
  });
}

/** So many times the same value. */
export const times = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);
