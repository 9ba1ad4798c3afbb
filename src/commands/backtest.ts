import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { SlaEvaluator } from '../domain/sla/evaluator.js';
import type { SlaPolicy } from '../domain/sla/policy.js';
import type { RejectedCounts, SlaEvent } from '../domain/sla/samples.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { backtestLine } from './backtest-line.js';
import { readRecording } from './recording.js';
import type { RecordedSample } from './recording-line.js';
import { SampleColumns } from './sample-columns.js';
import { StrayTimes } from './stray-times.js';

/** What to replay through what. */
export interface BacktestOptions {
  readonly thresholds: readonly Threshold[];
  readonly policy: SlaPolicy;
  /** Path of a CSV or JSON Lines file: time, metric, value, and perhaps replica and service. */
  readonly input: string;
  /** Takes one JSON line an event. It is not ended. */
  readonly output: Writable;
}

/** What a backtest saw. */
export interface BacktestTotals {
  readonly samples: number;
  readonly events: number;
  readonly rejected: RejectedCounts;
  /** Samples whose time is more than a day away from all others. */
  readonly strayTimes: number;
  /** Metrics in the file that no enabled threshold judges. */
  readonly unjudgedMetrics: readonly string[];
}

/** The service of samples without one. */
const SERVICE = 'default';

/**
 * Replays recorded samples through the evaluation that runs live and writes a JSON line an event.
 *
 * The file is read twice: the first time to check every row, so that a bad one is an error before
 * anything is written, and to see whether the rows are in order of time. If they are they are streamed,
 * else (one series after the other, or merged logs) sorted in memory, at 20 bytes a row. Event time
 * drives the clock. Throws RecordingError for a bad file.
 */
export async function runBacktest(options: BacktestOptions): Promise<BacktestTotals> {
  const { thresholds, input, output } = options;
  const survey = await surveyRecording(input);
  // The samples come in order of time: none has to wait for one before it.
  const evaluator = new SlaEvaluator(thresholds, { ...options.policy, latenessMs: 0 });
  const stray = new StrayTimes<RecordedSample>();
  let events = 0;

  const write = (found: readonly SlaEvent[]): void => {
    for (const event of found) {
      const line = backtestLine(event, thresholds);
      if (line === undefined) continue;
      events += 1;
      output.write(`${JSON.stringify(line)}\n`);
    }
  };
  const replay = (samples: readonly RecordedSample[]): Promise<unknown> | undefined => {
    for (const { atMs, metric, value, replica, service = SERVICE } of samples) {
      write(evaluator.advance(atMs));
      write(evaluator.observe({ metric, service, replica, atMs, value }));
    }
    return output.writableNeedDrain ? once(output, 'drain') : undefined;
  };

  if (survey.isOrdered) await readRecording(input, (sample) => replay(stray.next(sample)));
  else {
    const columns = new SampleColumns();
    await readRecording(input, (sample) => {
      columns.add(sample);
      return undefined;
    });
    for (const sample of columns.inOrder()) {
      const pause = replay(stray.next(sample));
      if (pause !== undefined) await pause;
    }
  }
  await replay(stray.end());
  const judged = new Set(thresholds.filter((t) => t.enabled).map((t) => t.metric));
  return {
    samples: survey.samples,
    events,
    rejected: evaluator.rejected,
    strayTimes: stray.dropped,
    unjudgedMetrics: [...survey.metrics].filter((metric) => !judged.has(metric)).sort(),
  };
}

interface Survey {
  readonly samples: number;
  readonly isOrdered: boolean;
  readonly metrics: ReadonlySet<string>;
}

async function surveyRecording(path: string): Promise<Survey> {
  let samples = 0;
  let isOrdered = true;
  let lastMs = -Infinity;
  const metrics = new Set<string>();
  await readRecording(path, ({ atMs, metric }) => {
    samples += 1;
    if (atMs < lastMs) isOrdered = false;
    lastMs = atMs;
    metrics.add(metric);
    return undefined;
  });
  return { samples, isOrdered, metrics };
}
