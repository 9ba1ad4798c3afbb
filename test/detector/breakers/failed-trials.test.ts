import { describe, expect, it } from 'vitest';
import { FailedTrials, type TrialWatch } from '../../../src/detector/breakers/failed-trials.js';
import { NEW_BREAKER, type Breaker } from '../../../src/domain/recovery/breaker.js';
import { DEFAULT_BREAKERS, type BreakerKind } from '../../../src/domain/recovery/breaker-kinds.js';

const OPEN: Breaker = {
  ...{ ...NEW_BREAKER, epoch: 7, failedTrials: 3, trialErrors: ['5xx'] },
  ...{ status: 'open', openedAtMs: 1_000, untilMs: 2_000 },
};
const FINGERPRINT = 'chat:engine-2:breaker_trials';

function make({ mayAct = true } = {}) {
  const states = new Map<string, ReturnType<TrialWatch['states']>[number]>();
  const watch = { isSynced: true, states: () => [...states.values()] };
  const set = (replica: string | undefined, kind: BreakerKind, breaker: Breaker) =>
    states.set(`${replica ?? ''} ${kind}`, {
      ...{ target: { service: 'chat', replica }, kind, breaker },
      settings: DEFAULT_BREAKERS[kind],
    });
  return { found: new FailedTrials(watch, mayAct), set, watch };
}

describe('failed trials', () => {
  it('are one violation from the trial too many to the closing of the last of its breakers', () => {
    const { found, set } = make();
    set('engine-1', 'aphrodite_engine', NEW_BREAKER);
    set('engine-2', 'aphrodite_engine', { ...OPEN, failedTrials: 2 });
    expect(found.judge(1)).toEqual([]);
    set('engine-2', 'aphrodite_engine', OPEN);
    expect(found.judge(2)).toMatchObject([
      { type: 'violation', atMs: 2, violation: { fingerprint: FINGERPRINT, value: 3 } },
    ]);
    set('engine-2', 'model_inference', { ...OPEN, failedTrials: 4 });
    expect([found.judge(3), found.open().map(({ value }) => value)]).toEqual([[], [4]]);
    set('engine-2', 'aphrodite_engine', NEW_BREAKER);
    expect(found.judge(4)).toEqual([]);
    set('engine-2', 'model_inference', NEW_BREAKER);
    expect(found.judge(5)).toMatchObject([{ type: 'resolved', because: 'breaker' }]);
    expect(found.open()).toEqual([]);
  });

  it('of a whole service open none: its requests fail, which its error rate tells', () => {
    const { found, set } = make();
    set(undefined, 'aphrodite_engine', OPEN);
    expect(found.judge(1)).toEqual([]);
  });

  it('of breakers that may not act open none: their replicas are in service, and measured', () => {
    const { found, set } = make({ mayAct: false });
    set('engine-2', 'aphrodite_engine', OPEN);
    expect(found.judge(1)).toEqual([]);
    set('engine-2', 'aphrodite_engine', { ...OPEN, by: 'recovery' });
    expect(found.judge(2)).toHaveLength(1);
  });

  it('says of an incident nobody remembers whether it is over, once the states were read', () => {
    const { found, set, watch } = make();
    set('engine-2', 'aphrodite_engine', NEW_BREAKER);
    watch.isSynced = false;
    expect(found.isOver(FINGERPRINT)).toBe(false);
    watch.isSynced = true;
    expect(found.isOver(FINGERPRINT)).toBe(true);
    expect(found.isOver('chat:engine-2:error_rate_percent')).toBe(false);
    set('engine-2', 'aphrodite_engine', OPEN);
    found.judge(1);
    expect(found.isOver(FINGERPRINT)).toBe(false);
  });
});
