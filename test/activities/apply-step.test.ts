import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, expect, it } from 'vitest';
import { createRecoveryActivities } from '../../src/activities/recovery.js';
import type { Coordination, Restraint } from '../../src/activities/world.js';
import type { Letter } from '../../src/workflows/letter-messages.js';
import type { PlannedStep } from '../../src/workflows/messages.js';
import { FakeFleet } from '../workflows/fake-world.js';

const STEP: PlannedStep = {
  ...{ id: '2-load_balancer_adjust', action: 'load_balancer_adjust', autonomy: 'auto' },
  target: { service: 'chat', replica: 'engine-2' },
  ...{ settleMs: 0, timeoutMs: 1_000, retries: 0, irreversible: undefined },
};
const NEWS: Letter = { workflowId: 'incident', signal: 'progress', args: [], id: 'letter-1' };
const ACTED = ['engine-2 weight 10'];

let fleet: FakeFleet;
let letters: Letter[];
let arrive: () => void;
let fail: (error: Error) => void;
let restraint: Restraint | undefined;
let coordination: Coordination;
beforeEach(() => {
  fleet = new FakeFleet();
  fleet.latencyOf = () => 600;
  fleet.note();
  letters = [];
  restraint = undefined;
  const nothing = () => Promise.resolve();
  const arrival = new Promise<boolean>((resolve, reject) => {
    arrive = () => resolve(true);
    fail = reject;
  });
  // Its failure is for who delivers.
  arrival.catch(() => undefined);
  coordination = {
    ...{ ensureLease: nothing, giveTurn: nothing, ensureMonitor: nothing, forgetAlerts: nothing },
    askTurn: () => Promise.reject(new Error('no turn is asked for here')),
    judgeAlert: () => Promise.reject(new Error('no alert is judged here')),
    deliver: (letter) => {
      letters.push(letter);
      return arrival;
    },
    restraint: () => Promise.resolve(restraint),
    openIncidents: () => Promise.resolve(0),
    isCurrent: () => Promise.resolve(true),
    hasEnded: () => Promise.resolve(false),
  };
});

/** Applies the step; `hasEnded` says whether that is over. */
function apply(tellsFirst: boolean) {
  const activities = createRecoveryActivities(fleet.world(coordination));
  const weights = (weight: number) => ({ backend: 'engines', server: 'engine-2', weight });
  const prepared = { before: weights(100), desired: weights(10) };
  const ask = { step: STEP, prepared, operationId: 'run:2', news: NEWS, tellsFirst };
  const run = { hasEnded: false, ending: Promise.resolve<unknown>(undefined) };
  run.ending = new MockActivityEnvironment()
    .run(() => activities.applyStep(ask))
    .finally(() => (run.hasEnded = true));
  // Its failure is for the test that expects one.
  run.ending.catch(() => undefined);
  return run;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

it('acts once its news have arrived', async () => {
  const run = apply(true);
  await settled();
  expect(letters).toEqual([NEWS]);
  expect(fleet.effects).toEqual([]);
  arrive();
  await run.ending;
  expect(fleet.effects).toEqual(ACTED);
});

it('does not act where they can’t be delivered', async () => {
  const run = apply(true);
  fail(new Error('the server is away'));
  await expect(run.ending).rejects.toThrow('the server is away');
  expect(fleet.effects).toEqual([]);
});

it('acts at once where others know what it owes, and ends once its news have arrived', async () => {
  const run = apply(false);
  await settled();
  expect(fleet.effects).toEqual(ACTED);
  expect(letters).toEqual([NEWS]);
  expect(run.hasEnded).toBe(false);
  arrive();
  await run.ending;
});

it('is to be tried again where it acted and its news did not arrive', async () => {
  const run = apply(false);
  fail(new Error('the server is away'));
  await expect(run.ending).rejects.toThrow('the server is away');
  expect(fleet.effects).toEqual(ACTED);
});

it.each([true, false])('changes nothing while actions are stopped (%s)', async (tellsFirst) => {
  restraint = { kind: 'kill-switch', why: 'all actions were stopped by ada' };
  const run = apply(tellsFirst);
  arrive();
  await expect(run.ending).rejects.toThrow('stopped by ada');
  expect(fleet.effects).toEqual([]);
});
