import type { BacktestLine } from '../../../src/commands/backtest-line.js';
import type { Expectation, LabelledStream } from './labelled-streams.js';

/** How late a threshold's violation may be: its window, and a sample period. */
const WINDOW_S = 300;
/** How late a regression may be: noise of 10 % at a period of a minute takes its time to average out. */
const REGRESSION_S = 100 * 60;
const DAY_S = 86_400;

/**
 * What is wrong with a backtest's output for a labelled stream that started at `startMs`; empty: nothing.
 */
export function faultsOf(
  lines: readonly BacktestLine[],
  stream: LabelledStream,
  expectation: Expectation,
  startMs: number,
  periodS: number,
): string[] {
  const opened = lines
    .filter((line) => line.event === 'violation')
    .map(({ kind, atMs }) => ({ kind, atS: (atMs - startMs) / 1000 }));
  const breaches = opened.filter((v) => v.kind === 'latency_breach');
  const regressions = opened.filter((v) => v.kind === 'performance_regression');
  const [from, to] = stream.incidents[0] ?? [0, 0];
  const faults: string[] = [];
  const once = (found: readonly { atS: number }[], name: string, latestS: number) => {
    if (found.length !== 1) faults.push(`${found.length} ${name} instead of 1`);
    for (const { atS } of found) {
      if (atS < from || atS > latestS) faults.push(`${name} ${atS - from} s after the onset`);
    }
  };
  const none = (found: readonly { atS: number }[], name: string) => {
    if (found.length > 0) faults.push(`${name} at ${found.map((v) => v.atS).join(', ')} s`);
  };
  switch (expectation) {
    case 'none':
      none(opened, 'false violation');
      break;
    case 'breach':
      once(breaches, 'breach', from + WINDOW_S + periodS);
      none(regressions, 'false regression');
      break;
    case 'regression':
      once(regressions, 'regression', from + REGRESSION_S);
      none(breaches, 'false breach');
      break;
    case 'regression-then-breach':
      once(regressions, 'regression', from + REGRESSION_S);
      once(breaches, 'breach', to);
      break;
    case 'season':
      none(breaches, 'false breach');
      none(
        regressions.filter((v) => v.atS >= DAY_S),
        'regression after the first day',
      );
      break;
  }
  return faults;
}
