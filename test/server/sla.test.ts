import { describe, expect, it } from 'vitest';
import { slaJson } from '../../src/server/sla.js';
import { detectorStatus } from './detector-status.js';

const HOUR_MS = 3_600_000;
/** 2026-01-01T10:07:30Z: in the middle of an hour and of five minutes. */
const NOW_MS = Date.UTC(2026, 0, 1, 10, 7, 30);
const BUCKET_MS = 300_000;

const status = (part: Parameters<typeof detectorStatus>[1] = {}) => detectorStatus(NOW_MS, part);

describe('the SLA as dashboards read it', () => {
  it('shows a threshold without samples, with how it would be measured', () => {
    const { thresholds } = slaJson(status(), [], NOW_MS);
    expect(thresholds).toMatchObject([
      {
        name: 'request_latency_p95',
        service: 'chat',
        value: null,
        limit: 250,
        compliancePercent: null,
        coverage: { status: 'measurable', text: 'by gateway' },
        recent: null,
      },
    ]);
  });

  it('takes compliance of a threshold from the last hour alone', () => {
    const bucket = (agoMs: number, samples: number, breaches: number) => ({
      startMs: Math.floor((NOW_MS - agoMs) / BUCKET_MS) * BUCKET_MS,
      samples,
      breaches,
    });
    const row = {
      service: 'chat',
      threshold: 'request_latency_p95',
      metric: 'request_latency_p95',
      buckets: [bucket(3 * HOUR_MS, 100, 100), bucket(HOUR_MS / 2, 300, 30), bucket(0, 100, 10)],
    };
    const [threshold] = slaJson(status({ heatMap: [row] }), [], NOW_MS).thresholds;
    expect(threshold?.compliancePercent).toBe(90);
  });

  it('lays a day of buckets out as 288 cells, with null where there were no samples', () => {
    const startMs = Date.UTC(2026, 0, 1, 10, 5);
    const row = {
      service: 'chat',
      threshold: 'request_latency_p95',
      metric: 'request_latency_p95',
      buckets: [
        { startMs: startMs - 2 * BUCKET_MS, samples: 4, breaches: 1 },
        { startMs, samples: 10, breaches: 0 },
      ],
    };
    const { heatMap } = slaJson(status({ heatMap: [row] }), [], NOW_MS);
    const cells = heatMap.rows[0]?.cells ?? [];
    expect(cells).toHaveLength(288);
    expect(cells.slice(-3)).toEqual([0.25, null, 0]);
    expect(Date.parse(heatMap.from) + 287 * BUCKET_MS).toBe(startMs);
  });

  it('counts violations by hour of the clock, the running one last', () => {
    const lastDay = {
      ...status().summary.lastDay,
      openedAtMs: [NOW_MS - 8 * 60_000, NOW_MS - 60_000, NOW_MS - 1_000],
    };
    const { trend } = slaJson(status({ lastDay }), [], NOW_MS);
    expect(trend).toHaveLength(24);
    expect(trend.slice(-2)).toEqual([
      { at: '2026-01-01T09:00:00.000Z', count: 1 },
      { at: '2026-01-01T10:00:00.000Z', count: 2 },
    ]);
  });
});
