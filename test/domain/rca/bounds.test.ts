import { describe, expect, it } from 'vitest';
import type { SeriesPoints } from '../../../src/domain/ports.js';
import { withinBounds } from '../../../src/domain/rca/bounds.js';
import type { IncidentEvidence } from '../../../src/domain/rca/evidence.js';
import { evidenceOf, FAULTS } from './synthetic-fleet.js';

const base = evidenceOf(FAULTS[0]!, 1, 'engine-2');
const { openedAtMs } = base.incident;

/** An hour at 1 s before the opening. */
function series(service: string, replica: string | undefined, metric: string): SeriesPoints {
  const timesMs = Array.from({ length: 3600 }, (_, i) => openedAtMs - (3599 - i) * 1000);
  return { service, replica, metric, timesMs, values: timesMs.map((_, i) => i) };
}

const samples = ({ series: all }: IncidentEvidence): number =>
  all.reduce((sum, { timesMs }) => sum + timesMs.length, 0);

describe('the bounds of an analysis', () => {
  it('leave evidence that fits as it is', () => {
    expect(withinBounds(base)).toBe(base);
  });

  it('thin long series, the time around the opening the least', () => {
    const long = { ...base, series: [series('engine', 'engine-2', 'request_latency_p95')] };
    const bound = withinBounds(long, 1200);
    const [one] = bound.series;
    expect(samples(bound)).toBeLessThanOrEqual(1200);
    const late = one!.timesMs.filter((atMs) => atMs > openedAtMs - 300_000);
    expect(late.length / 300).toBeGreaterThan((2 * (one!.timesMs.length - late.length)) / 3300);
    expect(bound.missing.join()).toContain('3600 samples are more than an analysis takes');
  });

  it('leave out the farthest series, never the violated one, and say so', () => {
    const all = [
      series('other', 'x', 'cpu_usage'),
      series('engine', 'engine-1', 'request_latency_p95'),
      series('engine', undefined, 'request_latency_p95'),
      series('engine', 'engine-2', 'cpu_usage'),
      series('engine', 'engine-2', 'request_latency_p95'),
    ];
    const bound = withinBounds({ ...base, series: all }, 900);
    expect(samples(bound)).toBeLessThanOrEqual(900);
    expect(bound.series.map(({ replica, metric }) => [replica, metric])).toEqual([
      ['engine-2', 'request_latency_p95'],
      ['engine-2', 'cpu_usage'],
    ]);
    expect(bound.missing.join()).toContain('3 series of other replicas and services');
  });
});
