import { describe, expect, it } from 'vitest';
import type { DetectorClient } from '../../src/server/detector-client.js';
import { budgetJson, forecastJson, readOutlook, type Outlook } from '../../src/server/outlook.js';

const chat = (threshold: string) => ({ threshold, service: 'chat' });
const budget = (slo: string, remainingPercent: number) => ({
  ...{ slo, ...chat('error_rate_percent'), objectiveRatio: 0.999, remainingPercent },
  windows: [
    { windowMs: 3_600_000, burnRate: 0.5 },
    { windowMs: 86_400_000, burnRate: 0.25 },
  ],
  isFiring: false,
});
const OUTLOOK: Outlook = {
  budgets: [budget('monthly', 90), budget('strict', 40)],
  outlooks: [
    { ...chat('p95'), outlook: 'breach-ahead', breachInSeconds: 90 },
    { ...chat('p99'), outlook: 'breached' },
    { ...chat('kv'), outlook: 'steady' },
    { ...chat('gpu'), outlook: 'unknown' },
  ],
};

describe('the outlook of thresholds', () => {
  it('gives the scarcest budget with its burn rates by window', () => {
    expect(budgetJson(OUTLOOK, chat('error_rate_percent'))).toEqual({
      remainingPercent: 40,
      burnRates: [
        { window: '1h', rate: 0.5 },
        { window: '1d', rate: 0.25 },
      ],
    });
    expect(budgetJson(OUTLOOK, chat('p95'))).toBeNull();
    expect(budgetJson(OUTLOOK, { ...chat('error_rate_percent'), service: 'other' })).toBeNull();
  });

  it.each([
    ['p95', { breachInSeconds: 90 }],
    ['p99', { breachInSeconds: 0 }],
    ['kv', { breachInSeconds: null }],
    ['gpu', null],
    ['none', null],
  ])('forecasts %s as %j', (threshold, expected) => {
    expect(forecastJson(OUTLOOK, chat(threshold))).toEqual(expected);
  });

  it('is empty where the detector can’t say', async () => {
    const detector = {
      forward: () => Promise.resolve({ status: 404, body: { message: 'not here' } }),
    } as Partial<DetectorClient> as DetectorClient;
    expect(await readOutlook(detector)).toEqual({ budgets: [], outlooks: [] });
  });
});
