import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  aheadOf,
  askLease,
  endLease,
  NO_LEASES,
  type LeaseAsk,
  type LeaseState,
} from '../../../src/domain/recovery/lease.js';

const LIMITS = { maxConcurrent: 3, maxTogether: 2, maxPerHour: 100, cooldownMs: 0 };

function ask(
  requestId: string,
  replica: string | undefined,
  more: Partial<LeaseAsk> = {},
): LeaseAsk {
  return {
    requestId,
    target: { service: 'chat', replica },
    severity: 'major',
    purpose: { kind: 'recovery', procedure: 'latency_spike' },
    limits: LIMITS,
    ...more,
  };
}

/** Asks in order, all at instant 0. */
function after(...asks: LeaseAsk[]): LeaseState<LeaseAsk> {
  return asks.reduce<LeaseState<LeaseAsk>>(
    (state, one) => askLease(state, one, 0).state,
    NO_LEASES,
  );
}
const ids = (asks: readonly LeaseAsk[]) => asks.map((a) => a.requestId);

describe('lease', () => {
  it('grants a free target at once, and the same request only once', () => {
    const { state, granted } = askLease<LeaseAsk>(NO_LEASES, ask('a', 'e1'), 0);
    expect(ids(granted)).toEqual(['a']);
    expect(askLease(state, ask('a', 'e1'), 5)).toEqual({
      ...{ state, granted: [], refused: [], refusal: undefined },
    });
  });

  it('does not grant what was given up, however late it is asked, nor what is given up before it is asked', () => {
    const { state } = endLease(after(ask('a', 'e1')), 'a', 1_000);
    const late = askLease(state, ask('a', 'e1'), 6_000);
    expect(late).toEqual({
      ...{ state, granted: [], refused: [] },
      refusal: { why: 'the request was given up before', retryAfterMs: 0 },
    });
    // The next of that target does not wait for it.
    expect(ids(askLease(late.state, ask('b', 'e1'), 7_000).granted)).toEqual(['b']);
    const overtaken = endLease<LeaseAsk>(NO_LEASES, 'a', 1_000).state;
    expect(askLease(overtaken, ask('a', 'e1'), 1_001).granted).toEqual([]);
  });

  it('forgets what was given up a quarter of an hour ago, and does not grow without bound', () => {
    let state: LeaseState<LeaseAsk> = NO_LEASES;
    for (let i = 0; i < 600; i++) state = endLease(state, `r${i}`, i).state;
    expect(state.givenUp).toHaveLength(500);
    expect(state.givenUp?.at(-1)).toEqual({ requestId: 'r599', atMs: 599 });
    expect(endLease(state, 'last', 599 + 15 * 60_000).state.givenUp).toEqual([
      { requestId: 'last', atMs: 599 + 15 * 60_000 },
    ]);
  });

  it.each([
    ['the same replica', 'e1', 'e1', false],
    ['another replica', 'e1', 'e2', true],
    ['a replica of a held service', undefined, 'e2', false],
    ['the service of a held replica', 'e1', undefined, false],
  ])('%s', (_, first, second, isGranted) => {
    const state = after(ask('a', first), ask('b', second));
    expect(ids(state.held)).toEqual(isGranted ? ['a', 'b'] : ['a']);
  });

  it('keeps the limits of replicas together and of recoveries in all', () => {
    const three = after(ask('a', 'e1'), ask('b', 'e2'), ask('c', 'e3'));
    expect(ids(three.held)).toEqual(['a', 'b']);
    const other = (id: string, service: string) =>
      ask(id, 'x', { target: { service, replica: 'x' } });
    const many = after(other('a', 's1'), other('b', 's2'), other('c', 's3'), other('d', 's4'));
    expect(ids(many.held)).toEqual(['a', 'b', 'c']);
  });

  it('serves the gravest first, then the longest waiting', () => {
    const state = after(
      ask('a', 'e1'),
      ask('b', 'e1', { severity: 'minor' }),
      ask('c', 'e1', { severity: 'critical' }),
      ask('d', 'e1', { severity: 'critical' }),
    );
    expect([aheadOf(state, 'b'), aheadOf(state, 'c'), aheadOf(state, 'd')]).toEqual([2, 0, 1]);
    expect(ids(endLease(state, 'a', 1).granted)).toEqual(['c']);
  });

  it('refuses within the cooldown, tells when to ask again, and never limits a release', () => {
    const limits = { ...LIMITS, cooldownMs: 60_000 };
    const state = endLease(after(ask('a', 'e1', { limits })), 'a', 1_000).state;
    const again = askLease(state, ask('b', 'e1', { limits }), 20_000);
    expect(again.refusal).toMatchObject({ retryAfterMs: 40_000 });
    expect(again.state.waiting).toEqual([]);
    const other = ask('c', 'e1', {
      limits,
      purpose: { kind: 'recovery', procedure: 'critical_system' },
    });
    expect(askLease(state, other, 20_000).refusal).toBeUndefined();
    const release = ask('d', 'e1', { limits, purpose: { kind: 'release' } });
    expect(askLease(state, release, 20_000).refusal).toBeUndefined();
    expect(askLease(state, ask('e', 'e1', { limits }), 60_001).refusal).toBeUndefined();
  });

  it('lets one at a time look at a service’s capacity, beside the recoveries themselves', () => {
    const look = (id: string, service: string) =>
      ask(id, undefined, {
        target: { service, replica: undefined },
        purpose: { kind: 'capacity' },
      });
    const state = after(
      ask('a', 'e1'),
      ask('b', 'e2'),
      look('c', 'chat'),
      look('d', 'chat'),
      look('e', 'other'),
    );
    expect(ids(state.held)).toEqual(['a', 'b', 'c', 'e']);
    expect(ids(endLease(state, 'c', 1).granted)).toEqual(['d']);
  });

  it('queues behind a recovery of the same target instead of refusing', () => {
    const limits = { ...LIMITS, cooldownMs: 60_000 };
    const state = after(ask('a', 'e1', { limits }));
    const second = askLease(state, ask('b', 'e1', { limits }), 1_000);
    expect(second.refusal).toBeUndefined();
    expect(ids(second.state.waiting)).toEqual(['b']);
  });

  it('counts no turn in which nothing was done', () => {
    const limits = { ...LIMITS, cooldownMs: 60_000, maxPerHour: 1 };
    const state = after(ask('a', 'e1', { limits }));
    const used = endLease(state, 'a', 1_000).state;
    expect(askLease(used, ask('b', 'e1', { limits }), 2_000).refusal?.why).toContain('cooldown');
    expect(askLease(used, ask('b', 'e2', { limits }), 2_000).refusal?.why).toContain('budget');
    const unused = endLease(state, 'a', 1_000, { isUnused: true }).state;
    expect(ids(askLease(unused, ask('b', 'e1', { limits }), 2_000).granted)).toEqual(['b']);
  });

  it('refuses who waited when those before have used up the hour’s budget', () => {
    const limits = { ...LIMITS, maxPerHour: 2 };
    const one = after(ask('a', 'e1', { limits }), ask('b', 'e1', { limits }));
    const two = endLease(askLease(one, ask('c', 'e1', { limits }), 1_000).state, 'a', 600_000);
    expect(ids(two.granted)).toEqual(['b']);
    const three = endLease(two.state, 'b', 1_200_000);
    expect(three.granted).toEqual([]);
    expect(three.refused.map(({ ask: { requestId }, refusal }) => [requestId, refusal])).toEqual([
      [
        'c',
        {
          why: 'budget: 2 recoveries within the hour, at most 2 are allowed',
          retryAfterMs: 2_400_000,
        },
      ],
    ]);
    expect(three.state).toMatchObject({ held: [], waiting: [] });
    expect(three.state.past).toHaveLength(2);
  });

  it('grants the next who is not limited where the budget is used up', () => {
    const limits = { ...LIMITS, maxPerHour: 1 };
    const release = ask('c', 'e1', { limits, purpose: { kind: 'release' } });
    const state = after(ask('a', 'e1', { limits }), ask('b', 'e1', { limits }), release);
    const ended = endLease(state, 'a', 1_000);
    expect(ids(ended.refused.map((one) => one.ask))).toEqual(['b']);
    expect(ids(ended.granted)).toEqual(['c']);
  });

  it('refuses beyond the hour’s budget until the oldest is an hour old', () => {
    const limits = { ...LIMITS, maxPerHour: 2 };
    let state: LeaseState<LeaseAsk> = NO_LEASES;
    for (const [id, atMs] of [
      ['a', 0],
      ['b', 600_000],
    ] as const) {
      state = endLease(askLease(state, ask(id, 'e1', { limits }), atMs).state, id, atMs).state;
    }
    expect(askLease(state, ask('c', 'e1', { limits }), 1_200_000).refusal?.retryAfterMs).toBe(
      2_400_000,
    );
    expect(askLease(state, ask('c', 'e1', { limits }), 3_600_001).refusal).toBeUndefined();
  });

  const anyAsk = fc.record({
    replica: fc.constantFrom(undefined, 'e1', 'e2', 'e3'),
    severity: fc.constantFrom('minor' as const, 'major' as const, 'critical' as const),
    isEnd: fc.boolean(),
    pick: fc.nat(),
  });
  test.prop([fc.array(anyAsk, { maxLength: 60 })])(
    'never lets two act on overlapping targets, and serves everybody in the end',
    (steps) => {
      let state: LeaseState<LeaseAsk> = NO_LEASES;
      const check = () => {
        for (const a of state.held) {
          for (const b of state.held) {
            if (a === b) continue;
            expect(a.target.replica === undefined || b.target.replica === undefined).toBe(false);
            expect(a.target.replica).not.toBe(b.target.replica);
          }
        }
        expect(state.held.length).toBeLessThanOrEqual(LIMITS.maxTogether);
      };
      steps.forEach(({ replica, severity, isEnd, pick }, i) => {
        const holder = state.held[pick % Math.max(1, state.held.length)];
        state =
          isEnd && holder !== undefined
            ? endLease(state, holder.requestId, i).state
            : askLease(state, ask(`r${i}`, replica, { severity }), i).state;
        check();
      });
      for (let i = 0; state.held.length > 0; i += 1) {
        state = endLease(state, state.held[0]?.requestId ?? '', 1_000 + i).state;
        check();
      }
      expect(state.waiting).toEqual([]);
    },
  );
});
