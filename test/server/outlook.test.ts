import { describe, expect, it } from 'vitest';
import type { DetectorClient } from '../../src/server/detector-client.js';
import { outlookRoutes } from '../../src/server/outlook.js';

/** A detector that answers that to every question. */
function detectorWith(status: number, body: object): DetectorClient {
  return {
    status: () => Promise.resolve(undefined),
    metrics: () => Promise.resolve(undefined),
    forward: () => Promise.resolve({ status, body }),
  };
}

async function ask(detector: DetectorClient): Promise<unknown> {
  const [route] = outlookRoutes(detector);
  if (route === undefined) throw new Error('there is a route');
  // It looks at nothing of the call.
  return (await route.handle({} as Parameters<typeof route.handle>[0])).body;
}

describe('GET /v1/outlook', () => {
  it('gives budgets and forecasts with seconds, percent and null for what is absent', async () => {
    const detector = detectorWith(200, {
      budgets: [
        {
          ...{ slo: 'error_budget', threshold: 'error_rate_percent', service: 'chat' },
          ...{ objectiveRatio: 0.999, remainingPercent: 40, isFiring: false },
          windows: [{ windowMs: 3_600_000, burnRate: 0.5 }],
        },
      ],
      outlooks: [
        { threshold: 'request_latency_p95', service: 'chat', outlook: 'steady' },
        {
          ...{ threshold: 'kv_cache_usage_percent', service: 'chat', replica: 'engine-2' },
          ...{ outlook: 'breach-ahead', breachInSeconds: 90 },
        },
      ],
    });
    expect(await ask(detector)).toEqual({
      budgets: [
        {
          ...{ slo: 'error_budget', threshold: 'error_rate_percent', service: 'chat' },
          ...{ objectivePercent: 99.9, remainingPercent: 40, isFiring: false },
          burnRates: [{ windowSeconds: 3600, rate: 0.5 }],
        },
      ],
      forecasts: [
        {
          ...{ threshold: 'request_latency_p95', service: 'chat', replica: null },
          ...{ outlook: 'steady', breachInSeconds: null },
        },
        {
          ...{ threshold: 'kv_cache_usage_percent', service: 'chat', replica: 'engine-2' },
          ...{ outlook: 'breach-ahead', breachInSeconds: 90 },
        },
      ],
    });
  });

  it('hands on why the detector can’t say', async () => {
    await expect(ask(detectorWith(503, { message: 'not now' }))).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('not now') as string,
    });
  });
});
