import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  BREAKER_ORDERS,
  NEW_BREAKER,
  refusalOfOrder,
  transition,
  worstStatus,
  type Breaker,
  type BreakerEvent,
  type BreakerStatus,
} from '../../../src/domain/recovery/breaker.js';
import {
  BREAKER_KINDS,
  DEFAULT_BREAKERS,
  type BreakerSettings,
} from '../../../src/domain/recovery/breaker-kinds.js';

const SETTINGS: BreakerSettings = {
  ...{ failureThreshold: 5, successThreshold: 3, openMs: 60_000, failureWindowMs: 60_000 },
  ...{ forgivingSuccesses: 10, halfOpenPercent: 10, enforce: true },
  incidentAfterTrials: 3,
};
const failed = (failures = 1): BreakerEvent => {
  return { type: 'outcome', failures, successes: 0, detail: '5xx' };
};
const succeeded = (successes = 1): BreakerEvent => {
  return { type: 'outcome', failures: 0, successes, detail: '' };
};
const TICK: BreakerEvent = { type: 'tick' };
const order = (what: 'open' | 'close' | 'isolate', forMs?: number): BreakerEvent => {
  return { type: 'order', order: what, by: 'ada', reason: 'maintenance', forMs };
};

/** A breaker after these events, each at its second. */
function after(...steps: readonly (readonly [second: number, event: BreakerEvent])[]): Breaker {
  return steps.reduce<Breaker>(
    (breaker, [second, event]) => transition(breaker, event, SETTINGS, second * 1000),
    NEW_BREAKER,
  );
}

const CLOSED = [] as const;
const OPEN = [[0, failed(5)]] as const;
const HALF_OPEN = [...OPEN, [60, TICK]] as const;
const ISOLATED = [[0, order('isolate')]] as const;

describe('breaker transitions', () => {
  it.each<
    [string, readonly (readonly [number, BreakerEvent])[], number, BreakerEvent, BreakerStatus]
  >([
    ['closed: the failure before the threshold', [[0, failed(4)]], 1, TICK, 'closed'],
    ['closed: the failure that reaches it', [[0, failed(4)]], 1, failed(), 'open'],
    ['closed: many failures at once', CLOSED, 0, failed(1_000), 'open'],
    ['closed: a failure that aged out', [[0, failed(4)]], 60, failed(), 'closed'],
    ['closed: one that is just young enough', [[0, failed(4)]], 59.999, failed(), 'open'],
    ['closed: any number of successes', CLOSED, 0, succeeded(1_000_000), 'closed'],
    ['closed: time passes', CLOSED, 1e6, TICK, 'closed'],
    ['closed: ordered to open', CLOSED, 0, order('open'), 'open'],
    ['closed: ordered to be isolated', CLOSED, 0, order('isolate'), 'isolated'],
    ['closed: ordered to close', CLOSED, 0, order('close'), 'closed'],
    ['open: its time is not over', OPEN, 59.999, TICK, 'open'],
    ['open: its time is over', OPEN, 60, TICK, 'half-open'],
    ['open: successes of requests sent before', OPEN, 1, succeeded(100), 'open'],
    ['open: failures of requests sent before', OPEN, 1, failed(100), 'open'],
    ['open: ordered to open again', OPEN, 1, order('open'), 'open'],
    ['open: ordered to close', OPEN, 1, order('close'), 'closed'],
    ['open: ordered to be isolated', OPEN, 1, order('isolate'), 'isolated'],
    ['half-open: too few successes', HALF_OPEN, 61, succeeded(2), 'half-open'],
    ['half-open: enough successes', HALF_OPEN, 61, succeeded(3), 'closed'],
    ['half-open: one failure', HALF_OPEN, 61, failed(), 'open'],
    [
      'half-open: a failure among successes',
      HALF_OPEN,
      61,
      { ...succeeded(9), failures: 1 } as BreakerEvent,
      'open',
    ],
    ['half-open: time passes', HALF_OPEN, 1e6, TICK, 'half-open'],
    ['half-open: nothing happened', HALF_OPEN, 61, succeeded(0), 'half-open'],
    ['half-open: ordered to open', HALF_OPEN, 61, order('open'), 'open'],
    ['half-open: ordered to close', HALF_OPEN, 61, order('close'), 'closed'],
    ['half-open: ordered to be isolated', HALF_OPEN, 61, order('isolate'), 'isolated'],
    ['isolated: time passes', ISOLATED, 1e6, TICK, 'isolated'],
    ['isolated: successes', ISOLATED, 1, succeeded(100), 'isolated'],
    ['isolated: failures', ISOLATED, 1, failed(100), 'isolated'],
    ['isolated: ordered to open', ISOLATED, 1, order('open'), 'isolated'],
    ['isolated: ordered to be isolated', ISOLATED, 1, order('isolate'), 'isolated'],
    ['isolated: ordered to close', ISOLATED, 1, order('close'), 'closed'],
  ])('%s', (_, before, second, event, status) => {
    expect(after(...before, [second, event]).status).toBe(status);
  });

  it('says why, on whose behalf, since when and until when', () => {
    expect(after([3, failed(5)])).toEqual({
      ...{ status: 'open', epoch: 1, sinceMs: 3_000, openedAtMs: 3_000, untilMs: 63_000 },
      ...{ reason: '5 failures: 5xx', by: 'breaker', failedTrials: 0, trialErrors: [] },
    });
    expect(after([3, order('open', 5_000)])).toMatchObject({
      ...{ by: 'ada', reason: 'maintenance', untilMs: 8_000 },
    });
    expect(after(...HALF_OPEN, [61, failed()])).toMatchObject({
      ...{ epoch: 3, reason: 'the trial failed: 5xx', openedAtMs: 0, sinceMs: 61_000 },
      untilMs: 121_000,
    });
    // An ordered opening stays the operator's through its trial.
    expect(after([0, order('open')], [60, TICK], [61, failed()])).toMatchObject({ by: 'ada' });
  });

  it('forgives one failure for ten successes, and saves none up', () => {
    const four = after([0, failed(4)], [1, succeeded(10)], [1, failed()]);
    expect(four.status).toBe('closed');
    expect(transition(four, failed(), SETTINGS, 1_000).status).toBe('open');
    expect(after([0, succeeded(1_000)], [1, failed(4)], [1, failed()]).status).toBe('open');
    // Parts of a failure add up over events, and are lost with the last failure.
    const parts = after([0, failed(4)], [1, succeeded(5)], [2, succeeded(5)]);
    expect(parts).toMatchObject({ failuresAtMs: [0, 0, 0], credit: 0 });
    expect(after([0, failed()], [1, succeeded(19)])).toMatchObject({ failuresAtMs: [], credit: 0 });
  });

  it('stays closed at one failure in a hundred, opens at one in five', () => {
    const run = (everyNth: number): BreakerStatus => {
      let breaker: Breaker = NEW_BREAKER;
      for (let i = 1; i <= 5_000 && breaker.status === 'closed'; i++) {
        const event = i % everyNth === 0 ? failed() : succeeded();
        breaker = transition(breaker, event, SETTINGS, i * 20);
      }
      return breaker.status;
    };
    expect(run(100)).toBe('closed');
    expect(run(12)).toBe('closed');
    expect(run(5)).toBe('open');
  });

  it('has the design document’s thresholds and times', () => {
    const given = BREAKER_KINDS.map((kind) => {
      const { failureThreshold, successThreshold, openMs } = DEFAULT_BREAKERS[kind];
      return [kind, failureThreshold, successThreshold, openMs / 1000];
    });
    expect(given).toEqual([
      ['aphrodite_engine', 5, 3, 60],
      ['model_inference', 3, 2, 30],
      ['kv_cache', 7, 4, 45],
      ['deep_tree_echo', 4, 3, 90],
    ]);
  });

  it.each<[string, readonly (readonly [number, BreakerEvent])[], number]>([
    ['none before the first trial', OPEN, 0],
    ['one', [...HALF_OPEN, [61, failed()]], 1],
    ['two in a row', [...HALF_OPEN, [61, failed()], [121, TICK], [122, failed()]], 2],
    ['while the next is under way', [...HALF_OPEN, [61, failed()], [121, TICK]], 1],
    [
      'one that was passed by luck: it opened again within the time that a failure counts',
      [...HALF_OPEN, [61, failed()], [121, TICK], [122, succeeded(3)], [182, failed(5)]],
      2,
    ],
    [
      'anew when it held longer',
      [...HALF_OPEN, [61, failed()], [121, TICK], [122, succeeded(3)], [183, failed(5)]],
      0,
    ],
    [
      'anew after a person has closed it',
      [...HALF_OPEN, [61, failed()], [62, order('close')], [63, failed(5)]],
      0,
    ],
    [
      'anew when a person opens one that had closed',
      [...HALF_OPEN, [61, failed()], [121, TICK], [122, succeeded(3)], [123, order('open')]],
      0,
    ],
    [
      'on, when a person opens it meanwhile',
      [...HALF_OPEN, [61, failed()], [62, order('open')]],
      1,
    ],
  ])('counts failed trials: %s', (_, steps, failedTrials) => {
    expect(after(...steps).failedTrials).toBe(failedTrials);
  });

  it('keeps what failed in the newest trials', () => {
    const trials = [1, 2, 3, 4].flatMap((n): [number, BreakerEvent][] => [
      [n * 100, TICK],
      [n * 100 + 1, { type: 'outcome', failures: 1, successes: 0, detail: `trial ${n}` }],
    ]);
    const breaker = after(...OPEN, ...trials);
    expect(breaker).toMatchObject({ failedTrials: 4, status: 'open' });
    expect(breaker.trialErrors).toEqual(['trial 2', 'trial 3', 'trial 4']);
  });

  it('says why an order makes no sense', () => {
    expect(refusalOfOrder(NEW_BREAKER, 'close')).toBe('it is closed already');
    const isolated = after(...ISOLATED);
    expect(refusalOfOrder(isolated, 'open')).toContain('isolated by ada');
    expect(refusalOfOrder(isolated, 'close')).toBeUndefined();
  });

  it('calls the gravest state the worst', () => {
    expect(worstStatus([])).toBe('closed');
    expect(worstStatus(['closed', 'half-open'])).toBe('half-open');
    expect(worstStatus(['open', 'isolated', 'half-open'])).toBe('isolated');
  });
});

const anEvent: fc.Arbitrary<BreakerEvent> = fc.oneof(
  fc.record({
    type: fc.constant('outcome' as const),
    failures: fc.nat(8),
    successes: fc.nat(30),
    detail: fc.constant(''),
  }),
  fc.constant(TICK),
);
const anOrder: fc.Arbitrary<BreakerEvent> = fc.constantFrom(...BREAKER_ORDERS).map((o) => order(o));
const aStory = (event: fc.Arbitrary<BreakerEvent>) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), event), { maxLength: 60 });

describe('breaker laws', () => {
  test.prop([aStory(anEvent)], { seed: 6 })('by its own rules it never skips a state', (story) => {
    const ALLOWED = ['closed>open', 'open>half-open', 'half-open>closed', 'half-open>open'];
    let breaker: Breaker = NEW_BREAKER;
    let nowMs = 0;
    for (const [waitMs, event] of story) {
      nowMs += waitMs;
      const next = transition(breaker, event, SETTINGS, nowMs);
      if (next.status !== breaker.status) {
        expect(ALLOWED).toContain(`${breaker.status}>${next.status}`);
      }
      breaker = next;
    }
  });

  test.prop([aStory(fc.oneof({ weight: 4, arbitrary: anEvent }, anOrder))], { seed: 6 })(
    'the epoch counts changes of state, and stays bounded in size',
    (story) => {
      let breaker: Breaker = NEW_BREAKER;
      let nowMs = 0;
      for (const [waitMs, event] of story) {
        nowMs += waitMs;
        const next = transition(breaker, event, SETTINGS, nowMs);
        if (next.status !== breaker.status) expect(next.epoch).toBe(breaker.epoch + 1);
        expect(next.epoch - breaker.epoch).toBeGreaterThanOrEqual(0);
        if (next.status === 'closed') {
          expect(next.failuresAtMs.length).toBeLessThan(SETTINGS.failureThreshold);
          expect(next.credit).toBeLessThan(1);
        }
        if (next.status === 'open') expect(next.untilMs).toBeGreaterThan(next.sinceMs);
        breaker = next;
      }
    },
  );

  test.prop([aStory(anEvent)], { seed: 6 })('only an order ends an isolation', (story) => {
    let breaker = after(...ISOLATED);
    let nowMs = 0;
    for (const [waitMs, event] of story) {
      nowMs += waitMs;
      breaker = transition(breaker, event, SETTINGS, nowMs);
    }
    expect(breaker).toEqual(after(...ISOLATED));
  });

  test.prop([aStory(anEvent)], { seed: 6 })(
    'it is the same after its state went through JSON at any point',
    (story) => {
      let breaker: Breaker = NEW_BREAKER;
      let stored: Breaker = NEW_BREAKER;
      let nowMs = 0;
      for (const [waitMs, event] of story) {
        nowMs += waitMs;
        breaker = transition(breaker, event, SETTINGS, nowMs);
        const read = JSON.parse(JSON.stringify(stored)) as Breaker;
        stored = transition(read, event, SETTINGS, nowMs);
      }
      expect(stored).toEqual(breaker);
    },
  );
});
