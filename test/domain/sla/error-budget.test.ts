import { describe, expect, it } from 'vitest';
import { ErrorBudget } from '../../../src/domain/sla/error-budget.js';
import { DEFAULT_SLOS, type Slo } from '../../../src/domain/sla/slo.js';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/sla/threshold.js';

const T0 = Date.UTC(2026, 0, 5);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const [errors] = DEFAULT_SLOS;
const threshold = (name: string) => {
  const found = DEFAULT_THRESHOLDS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no threshold ${name}`);
  return found;
};
const budgetOf = (slo: Slo | undefined) => {
  if (slo === undefined) throw new Error('there is a default objective');
  return new ErrorBudget(slo, 'chat', threshold(slo.threshold));
};

/** Feeds a sample each 10 s; `valueAt` gets the minute. */
function feed(
  budget: ErrorBudget,
  minutes: number,
  valueAt: (minute: number) => number,
  demandPerSecond: number | undefined = 20,
  replica?: string,
): void {
  for (let s = 0; s < minutes * 60; s += 10) {
    budget.observe({
      ...{ metric: budget.slo.threshold, service: 'chat', replica, demandPerSecond },
      ...{ atMs: T0 + s * SECOND, value: valueAt(Math.floor(s / 60)) },
    });
  }
}

describe('ErrorBudget', () => {
  it('finds a slow burn that the threshold never sees, once, and its end', () => {
    const budget = budgetOf(errors);
    // 0.4 % of requests: below the limit of 0.5 %, four times what 99.9 % allows.
    feed(budget, 13 * 60, () => 0.4);
    const at = T0 + 13 * 60 * MINUTE;
    const opened = budget.judge(at, false);
    expect(opened).toMatchObject({
      type: 'violation',
      violation: {
        ...{ fingerprint: 'chat:*:error_budget', threshold: 'error_budget', severity: 'minor' },
        ...{ metric: 'error_rate_percent', violationType: 'error_rate_spike', unit: '%' },
      },
    });
    expect(opened?.violation.value).toBeCloseTo(0.4, 6);
    expect(opened?.violation.limit).toBeCloseTo(0.3, 6);
    expect(budget.judge(at + MINUTE, false)).toBeUndefined();
    expect(budget.judge(at + 3 * 60 * MINUTE, false)).toMatchObject({ type: 'resolved' });
    expect(budget.open).toBeUndefined();
  });

  it('pages for a fast burn, opens nothing beside the threshold’s own violation', () => {
    const budget = budgetOf(errors);
    feed(budget, 40, () => 5);
    const at = T0 + 40 * MINUTE;
    expect(budget.judge(at, true)).toBeUndefined();
    expect(budget.judge(at, false)).toMatchObject({
      type: 'violation',
      violation: { severity: 'major' },
    });
  });

  it('says nothing before its window is covered for half, nor with little traffic', () => {
    const young = budgetOf(errors);
    feed(young, 20, () => 50);
    expect(young.judge(T0 + 20 * MINUTE, false)).toBeUndefined();
    const quiet = budgetOf(errors);
    // 0.67/s is the threshold's own gate: below it a sample is no evidence.
    feed(quiet, 60, () => 50, 0.1);
    expect(quiet.judge(T0 + 60 * MINUTE, false)).toBeUndefined();
    expect(quiet.view(T0 + 60 * MINUTE).remainingPercent).toBe(100);
    const few = budgetOf({ ...(errors as Slo), minBadEvents: 1_000 });
    feed(few, 60, () => 1.5, 1);
    expect(few.judge(T0 + 60 * MINUTE, false)).toBeUndefined();
  });

  it('counts seconds beyond the limit where no requests are known', () => {
    const slo = { name: 'p95', threshold: 'request_latency_p95', objectiveRatio: 0.99 };
    const budget = budgetOf({ ...slo, minBadEvents: 60 });
    feed(budget, 60, (minute) => (minute % 4 === 0 ? 400 : 100), undefined);
    const view = budget.view(T0 + 60 * MINUTE - SECOND);
    // A quarter of the time is bad, a hundredth may be.
    expect(view.windows[0]?.burnRate).toBeCloseTo(25, 0);
    expect(view.remainingPercent).toBe(0);
    expect(budget.judge(T0 + 60 * MINUTE, false)?.violation).toMatchObject({
      ...{ threshold: 'p95', metric: 'request_latency_p95', value: 400, limit: 250, unit: 'ms' },
    });
  });

  it('believes the service’s own samples before its replicas’', () => {
    const budget = budgetOf(errors);
    feed(budget, 30, () => 0);
    feed(budget, 30, () => 100, 20, 'engine-1');
    expect(budget.view(T0 + 30 * MINUTE).windows[0]?.burnRate).toBe(0);
  });

  it('goes on after a restart with what it had', () => {
    const budget = budgetOf(errors);
    feed(budget, 40, () => 5);
    const at = T0 + 40 * MINUTE;
    budget.judge(at, false);
    const state = JSON.parse(JSON.stringify(budget.snapshot())) as ReturnType<
      ErrorBudget['snapshot']
    >;
    const again = new ErrorBudget(errors as Slo, 'chat', threshold('error_rate_percent'), state);
    expect(again.view(at)).toEqual(budget.view(at));
    expect(again.open?.fingerprint).toBe('chat:*:error_budget');
    expect(again.judge(at, false)).toBeUndefined();
  });
});
