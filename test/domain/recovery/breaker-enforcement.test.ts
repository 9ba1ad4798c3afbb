import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { LoadBalancerServer } from '../../../src/domain/ports.js';
import { BREAKER_STATUSES } from '../../../src/domain/recovery/breaker.js';
import {
  NO_HOLD,
  planEnforcement,
  type BreakerHold,
  type BreakerPlan,
  type EnforcementAsk,
} from '../../../src/domain/recovery/breaker-enforcement.js';

const SERVER: LoadBalancerServer = {
  ...{ name: 'engine-2', address: '127.0.0.1:1', weight: 100, initialWeight: 100 },
  ...{ admin: 'ready', isUp: true, activeRequests: 0 },
};
const ask = (given: Partial<EnforcementAsk>): EnforcementAsk => ({
  ...{ status: 'open', server: SERVER, hold: NO_HOLD, halfOpenPercent: 10 },
  ...{ refusal: undefined, mustReturn: undefined },
  ...given,
});
const at = (change: Partial<LoadBalancerServer>) => ({ ...SERVER, ...change });
const drain = at({ admin: 'drain' });
const DRAINED: BreakerHold = { isDrained: true, weight: null };
const ON_TRIAL: BreakerHold = { isDrained: false, weight: { before: 100, set: 10 } };
const text = ({ effects }: BreakerPlan) =>
  effects.map((e) => (e.type === 'admin' ? e.admin : `weight ${e.weight}`));

/** The server as it is after a plan. */
function carriedOut(server: LoadBalancerServer, { effects }: BreakerPlan): LoadBalancerServer {
  return effects.reduce(
    (now, e) => (e.type === 'admin' ? { ...now, admin: e.admin } : { ...now, weight: e.weight }),
    server,
  );
}

describe('enforcement of a breaker', () => {
  it.each<[string, Partial<EnforcementAsk>, string[], BreakerHold]>([
    ['open: drains a server in service', {}, ['drain'], DRAINED],
    ['open: drained already by us', { server: drain, hold: DRAINED }, [], DRAINED],
    ['open: drained by another', { server: drain }, [], NO_HOLD],
    ['open: in maintenance', { server: at({ admin: 'maint' }), hold: DRAINED }, [], NO_HOLD],
    ['open: put in service by another', { hold: DRAINED }, ['drain'], DRAINED],
    ['open: too few healthy peers', { refusal: 'too few' }, [], NO_HOLD],
    [
      'open: the peers went away since',
      { server: drain, hold: DRAINED, mustReturn: 'too few' },
      ['ready'],
      NO_HOLD,
    ],
    [
      'open again after a failed trial: keeps the weight of the trial',
      { server: at({ weight: 10 }), hold: ON_TRIAL },
      ['drain'],
      { isDrained: true, weight: { before: 100, set: 10 } },
    ],
    [
      'half-open: the share first, then ready',
      { status: 'half-open', server: drain, hold: DRAINED },
      ['weight 10', 'ready'],
      ON_TRIAL,
    ],
    [
      'half-open: a share of the weight that a recovery had set',
      { status: 'half-open', server: at({ admin: 'drain', weight: 25 }), hold: DRAINED },
      ['weight 3', 'ready'],
      { isDrained: false, weight: { before: 25, set: 3 } },
    ],
    [
      'half-open: at least weight 1',
      { status: 'half-open', server: at({ admin: 'drain', weight: 2 }), hold: DRAINED },
      ['weight 1', 'ready'],
      { isDrained: false, weight: { before: 2, set: 1 } },
    ],
    ['half-open: never taken out', { status: 'half-open' }, [], NO_HOLD],
    ['half-open: drained by another', { status: 'half-open', server: drain }, [], NO_HOLD],
    [
      'half-open: on trial already',
      { status: 'half-open', server: at({ weight: 10 }), hold: ON_TRIAL },
      [],
      ON_TRIAL,
    ],
    [
      'half-open: a weight that another set since',
      { status: 'half-open', server: at({ weight: 55 }), hold: ON_TRIAL },
      [],
      NO_HOLD,
    ],
    [
      'closed: drained by us',
      { status: 'closed', server: drain, hold: DRAINED },
      ['ready'],
      NO_HOLD,
    ],
    ['closed: drained by another', { status: 'closed', server: drain }, [], NO_HOLD],
    [
      'closed: the weight before the trial',
      { status: 'closed', server: at({ weight: 10 }), hold: ON_TRIAL },
      ['weight 100'],
      NO_HOLD,
    ],
    [
      'closed: a weight that another set since',
      { status: 'closed', server: at({ weight: 55 }), hold: ON_TRIAL },
      [],
      NO_HOLD,
    ],
    ['closed: nothing is ours', { status: 'closed' }, [], NO_HOLD],
    [
      'isolated: as open',
      { status: 'isolated', server: at({ weight: 10 }), hold: ON_TRIAL },
      ['drain'],
      { isDrained: true, weight: { before: 100, set: 10 } },
    ],
  ])('%s', (_, given, effects, hold) => {
    const plan = planEnforcement(ask(given));
    expect(text(plan)).toEqual(effects);
    expect(plan.hold).toEqual(hold);
  });

  it('says why a state is not in force', () => {
    expect(planEnforcement(ask({ refusal: 'only 0 would remain' })).note).toBe(
      'only 0 would remain',
    );
    expect(planEnforcement(ask({ server: drain })).note).toContain('another’s order');
    expect(planEnforcement(ask({})).note).toBeUndefined();
  });

  const aStatus = fc.constantFrom(...BREAKER_STATUSES);
  test.prop([fc.array(aStatus, { maxLength: 12 }), fc.integer({ min: 1, max: 256 })], { seed: 6 })(
    'once closed, everything is as before, whatever came between; and each step is idempotent',
    (statuses, weight) => {
      const before = at({ weight });
      let server: LoadBalancerServer = before;
      let hold = NO_HOLD;
      for (const status of [...statuses, 'closed' as const]) {
        const plan = planEnforcement(ask({ status, server, hold }));
        // A crash after the effects and before the hold was noted is why it is noted before.
        server = carriedOut(server, plan);
        ({ hold } = plan);
        expect(planEnforcement(ask({ status, server, hold }))).toMatchObject({ effects: [], hold });
        if (status === 'open' || status === 'isolated') expect(server.admin).toBe('drain');
      }
      expect(server).toEqual(before);
    },
  );
});
