import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { IncidentDecision } from '../../src/activities/contract.js';
import { createRecoveryActivities } from '../../src/activities/recovery.js';
import type { Coordination, Restraint } from '../../src/activities/world.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import type { LeaseAnswer, LeaseRequest } from '../../src/workflows/lease-messages.js';
import { FakeFleet, slowReplica } from '../workflows/fake-world.js';

let fleet: FakeFleet;
let asked: LeaseRequest[];
let answer: LeaseAnswer | undefined;
let restraint: Restraint | undefined;
beforeEach(() => {
  fleet = new FakeFleet();
  fleet.latencyOf = ({ name }) => (name === 'engine-2' ? 600 : 100);
  fleet.note();
  asked = [];
  answer = { requestId: 'run:1', granted: true, ahead: 0, refusal: undefined };
  restraint = undefined;
});

const nothing = () => Promise.resolve();
const coordination: Coordination = {
  ...{ ensureLease: nothing, giveTurn: nothing, ensureMonitor: nothing, forgetAlerts: nothing },
  askTurn: (request) => {
    asked.push(request);
    return Promise.resolve(answer);
  },
  deliver: () => Promise.reject(new Error('nobody is written to here')),
  judgeAlert: () => Promise.reject(new Error('no alert is judged here')),
  restraint: () => Promise.resolve(restraint),
  openIncidents: () => Promise.resolve(0),
  isCurrent: () => Promise.resolve(true),
  hasEnded: () => Promise.resolve(false),
};

async function plan(policy: Partial<RecoveryPolicy> = {}) {
  const activities = createRecoveryActivities(fleet.world(coordination, policy));
  const ask = { violation: slowReplica(), tried: [], requestId: 'run:1' };
  const running = new MockActivityEnvironment().run(() => activities.planIncident(ask));
  const decision = (await running) as IncidentDecision;
  if (decision.kind !== 'plan') throw new Error(`no plan: ${decision.kind}`);
  return decision;
}

describe('planning an incident', () => {
  it('asks for the turn, and looks at the first steps up to the one that acts', async () => {
    const { turn, ready } = await plan();
    expect(turn).toEqual(answer);
    expect(asked).toMatchObject([
      {
        requestId: 'run:1',
        target: { service: 'chat', replica: 'engine-2' },
        purpose: { kind: 'recovery', procedure: 'latency_spike' },
      },
    ]);
    expect(ready?.steps.map(({ id, preparation }) => [id, preparation.kind])).toEqual([
      ['1-cache_invalidation', 'skip'],
      ['2-load_balancer_adjust', 'ready'],
    ]);
    expect(fleet.effects).toEqual([]);
  });

  it.each([
    ['has to wait', { requestId: 'run:1', granted: false, ahead: 1, refusal: undefined }],
    ['has to be asked by signal', undefined],
  ])('looks at nothing while its turn %s', async (_, given) => {
    answer = given;
    const { turn, ready } = await plan();
    expect(turn).toEqual(given);
    expect(ready).toBeUndefined();
  });

  it('looks at nothing while the kill switch is on: each step says so at its turn', async () => {
    restraint = { kind: 'kill-switch', why: 'stopped by ana' };
    expect((await plan()).ready).toBeUndefined();
  });

  it('looks at nothing where several may act at once on a service', async () => {
    expect((await plan({ maxSharePercent: 100 })).ready).toBeUndefined();
  });

  it('looks no further than a step that asks before it acts', async () => {
    const { autonomy } = fleet.world(coordination).policy;
    const asking = { ...autonomy, load_balancer_adjust: 'approve' } as const;
    const { ready } = await plan({ autonomy: asking });
    expect(ready?.steps.map(({ id }) => id)).toEqual(['1-cache_invalidation']);
  });

  it('leaves a step that can’t be looked at to its turn', async () => {
    fleet.beforeLook = () => Promise.reject(new Error('no answer'));
    const { ready } = await plan();
    expect(ready?.steps.map(({ id }) => id)).not.toContain('2-load_balancer_adjust');
  });
});
