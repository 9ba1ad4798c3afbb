import { beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../src/activities/verify.js';
import type { Coordination } from '../../src/activities/world.js';
import { NEW_BREAKER, type Breaker } from '../../src/domain/recovery/breaker.js';
import { NO_HOLD } from '../../src/domain/recovery/breaker-enforcement.js';
import { FAILED_TRIALS_METRIC } from '../../src/domain/recovery/failed-trials.js';
import type { VerificationPlan } from '../../src/workflows/messages.js';
import { FakeFleet } from '../workflows/fake-world.js';

const open = (sinceMs: number): Breaker => ({
  ...{ ...NEW_BREAKER, epoch: 7, sinceMs, failedTrials: 4 },
  ...{ status: 'open', openedAtMs: 1, untilMs: sinceMs + 60_000 },
});

let fleet: FakeFleet;
let engine: Breaker;
let model: Breaker;
beforeEach(() => {
  fleet = new FakeFleet();
  // What its service's users see is well all the while: the replica is away.
  fleet.metrics = [FAILED_TRIALS_METRIC];
  fleet.latencyOf = () => 0;
  fleet.note();
  engine = open(1_000);
  model = NEW_BREAKER;
});

const signal = new AbortController().signal;
function judge({ withinMs = 10_000, wasGood = false } = {}) {
  const states = () => {
    const others = { kv_cache: open(1), deep_tree_echo: NEW_BREAKER };
    const breakers = { aphrodite_engine: engine, model_inference: model, ...others };
    return Promise.resolve([
      { service: 'chat', replica: 'engine-2', breakers, hold: NO_HOLD, note: '' },
    ]);
  };
  // No verdict asks Temporal.
  const world = fleet.world({} as unknown as Coordination, {}, { states });
  const verification: VerificationPlan = {
    metric: FAILED_TRIALS_METRIC,
    target: { service: 'chat', replica: 'engine-2' },
    rule: {
      ...{ limit: 2, direction: 'upper', before: 3, minSamples: 5, compliantPercent: 80 },
      ...{ holdMs: 200, worsePercent: 20, wasGood },
    },
    timeoutMs: withinMs,
  };
  const sinceMs = Date.now();
  return verify(world, { verification, sinceMs, untilMs: sinceMs + withinMs }, signal);
}

describe('verification of a replica that its breaker keeps away', () => {
  it('has recovered when its breakers have closed, whatever its other kinds say', async () => {
    engine = NEW_BREAKER;
    expect(await judge()).toEqual({ kind: 'recovered', median: 0 });
  });

  it('waits for the trial, and goes by it', async () => {
    setTimeout(() => (engine = NEW_BREAKER), 300);
    expect(await judge()).toEqual({ kind: 'recovered', median: 0 });
    engine = open(1_000);
    setTimeout(() => (engine = open(Date.now())), 300);
    expect(await judge()).toEqual({ kind: 'no-effect', median: 4 });
    setTimeout(() => (engine = open(Date.now())), 300);
    engine = open(1_000);
    expect(await judge({ wasGood: true })).toEqual({ kind: 'worse', median: 4 });
  });

  it('does not take the service’s SLI for it: without a trial it is undecided', async () => {
    expect(await judge({ withinMs: 1_500 })).toEqual({
      kind: 'undecided',
      why: 'its breaker is open still; it completes what it is asked',
    });
  });

  it('waits for no trial of one that completes nothing', async () => {
    const dead = { isServing: true, completes: false, latencyMs: 1, detail: 'HTTP 500' };
    Object.assign(fleet.engine, { health: () => Promise.resolve(dead) });
    const startedAtMs = Date.now();
    expect(await judge({ withinMs: 60_000 })).toEqual({ kind: 'no-effect', median: 4 });
    expect(Date.now() - startedAtMs).toBeLessThan(30_000);
  });
});
