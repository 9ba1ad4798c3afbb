import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
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
let openIncidents: Promise<number>;
beforeEach(() => {
  fleet = new FakeFleet();
  fleet.latencyOf = ({ name }) => (name === 'engine-2' ? 600 : 100);
  fleet.note();
  asked = [];
  answer = { requestId: 'run:1', granted: true, ahead: 0, refusal: undefined };
  restraint = undefined;
  openIncidents = Promise.resolve(0);
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
  debtors: () => Promise.reject(new Error('nothing is undone here')),
  inherit: () => Promise.reject(new Error('nothing is undone here')),
  restraint: () => Promise.resolve(restraint),
  openIncidents: () => openIncidents,
  isCurrent: () => Promise.resolve(true),
  hasEnded: () => Promise.resolve(false),
};

async function decide(policy: Partial<RecoveryPolicy> = {}): Promise<IncidentDecision> {
  const activities = createRecoveryActivities(fleet.world(coordination, policy));
  const ask = { violation: slowReplica(), tried: [], requestId: 'run:1' };
  const running = new MockActivityEnvironment().run(() => activities.planIncident(ask));
  return (await running) as IncidentDecision;
}

async function plan(policy: Partial<RecoveryPolicy> = {}) {
  const decision = await decide(policy);
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

  it('asks for the turn while it counts the open incidents', async () => {
    let count: (open: number) => void = () => undefined;
    openIncidents = new Promise((resolve) => (count = resolve));
    const planning = plan();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(fleet.effects).toEqual([]);
    count(0);
    expect((await planning).turn).toEqual(answer);
  });

  it('only suggests in a storm, and looks at no step ahead', async () => {
    openIncidents = Promise.resolve(21);
    const { plan: planned, ready } = await plan({ stormAbove: 20 });
    expect(planned.why).toContain('storm: 21 incidents are open, actions are only suggested');
    expect(planned.steps.map(({ autonomy }) => autonomy)).toEqual([
      'suggest',
      'suggest',
      'suggest',
    ]);
    expect(ready?.steps).toEqual([]);
  });

  it('plans as usual with as many open as are no storm yet', async () => {
    openIncidents = Promise.resolve(20);
    const { plan: planned } = await plan({ stormAbove: 20 });
    expect(planned.why).not.toContain('storm');
    expect(planned.steps.map(({ autonomy }) => autonomy)).toEqual(['auto', 'auto', 'auto']);
  });

  it('holds in maintenance, and says which turn is to be given back', async () => {
    restraint = { kind: 'maintenance', why: 'maintenance until noon', untilMs: 12 };
    expect(await decide()).toMatchObject({ kind: 'hold', untilMs: 12, turn: answer });
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
