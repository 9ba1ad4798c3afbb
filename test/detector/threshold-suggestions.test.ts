import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createThresholdApi } from '../../src/detector/threshold-api.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { FakeIncidents } from './fake-incidents.js';
import { makeDetector } from './make-detector.js';

const T0 = Date.UTC(2026, 0, 5);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'suggestions-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The API over a detector that has `count` samples of 90..110 ms. */
function apiWith(count: number) {
  let nowMs = T0;
  const thresholds = DEFAULT_THRESHOLDS.slice(0, 1);
  const { detector } = makeDetector(folder, new FakeIncidents(), { thresholds, now: () => nowMs });
  for (let i = 0; i < count; i += 1) {
    nowMs += 1000;
    const sample = { metric: 'request_latency_p95', service: 'chat', replica: undefined };
    detector.push({ ...sample, atMs: nowMs, value: 90 + (i % 21) });
  }
  const reload = () => Promise.reject(new Error('not in this test'));
  const app = createThresholdApi(detector.thresholds, reload, () => detector.suggestions());
  return { app, detector };
}

describe('suggestions of thresholds', () => {
  it('come from history, change nothing, and are in force once accepted', async () => {
    // The target of 200 ms stays: the service lives well below it, so no tolerance is needed.
    const { app, detector } = apiWith(1500);
    const reply = await app.request('/suggestions');
    expect(await reply.json()).toMatchObject({
      suggestions: [
        {
          ...{ name: 'request_latency_p95', verdict: 'change', tolerancePercentNow: 25 },
          proposed: { tolerancePercent: 0, limit: 200 },
        },
      ],
    });
    expect(detector.thresholds.current[0]?.tolerancePercent).toBe(25);
    const accepted = await app.request('/request_latency_p95/accept', { method: 'POST' });
    expect(await accepted.json()).toEqual({ changed: ['request_latency_p95'] });
    expect(detector.thresholds.current[0]).toMatchObject({ target: 200, tolerancePercent: 0 });
    const again = await app.request('/request_latency_p95/accept', { method: 'POST' });
    expect(again.status).toBe(409);
  });

  it('are refused with why where there is nothing to accept', async () => {
    const { app, detector } = apiWith(10);
    const few = await app.request('/request_latency_p95/accept', { method: 'POST' });
    expect(few.status).toBe(409);
    expect(await few.json()).toEqual({
      message: 'nothing is suggested for "request_latency_p95": 10 samples; 1440 are needed',
    });
    expect((await app.request('/ttft/accept', { method: 'POST' })).status).toBe(404);
    expect(detector.thresholds.current[0]?.tolerancePercent).toBe(25);
  });
});
