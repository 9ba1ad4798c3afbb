import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import type { Judgement } from '../../src/domain/monitor/judge-alert.js';
import { createDevServerEnv } from '../support/temporal.js';
import { ManyServices } from './many-services.js';
import { OperatorCase, orderOf, type Ending } from './operator-case.js';
import { Gate } from './operator-gate.js';
import {
  ASKING_FOR_ROLLBACK,
  MESSAGES,
  POINTS,
  type Expectation,
  type Message,
  type Point,
} from './operator-points.js';
import { SILENCES } from './operator-silences.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

// They mostly wait: several side by side, few enough that none waits for the worker.
vi.setConfig({ maxConcurrency: 8, testTimeout: 180_000, hookTimeout: 120_000 });

/** Nobody is in a hurry here. */
const POLICY = { maxConcurrent: 200, stormAbove: 1_000, approvalTimeoutMs: 240_000 };

const UNTOLD: Judgement = {
  ...{ state: 'suppressed', why: 'a test of other things', mode: 'normal' },
  ...{ recheckAtMs: undefined, under: undefined, joined: [] },
};

const isRefusal = (expected: Expectation | undefined): expected is string =>
  typeof expected === 'string';
const over = new Gate();
let env: TestWorkflowEnvironment;
let services: ManyServices;
let working: Promise<void> | undefined;

beforeAll(async () => {
  env = await createDevServerEnv();
  // Nobody is told here: these incidents' alerts would ask one monitor all at once.
  services = new ManyServices(
    {
      ...createCoordination(env.client),
      ensureMonitor: () => Promise.resolve(),
      judgeAlert: () => Promise.resolve(UNTOLD),
      forgetAlerts: () => Promise.resolve(),
    },
    POLICY,
  );
  await services.world.coordination.ensureLease();
  working = runWithWorkers(env, services.world, () => over.pass());
});

afterAll(async () => {
  over.open();
  await working;
  await env.teardown();
});

const begin = (point: Omit<Point, 'expected'>) => new OperatorCase(point, services, env.client);

function auditOf(id: string, message: Message) {
  const { action } = orderOf(message);
  return services.ledger.audit.filter(({ target, what }) => target === id && what === action);
}

/** As it ends, the fleet is as the effects on it say, and what nobody touched is as it was. */
function checkFleet({ fleet }: OperatorCase, [, ...effects]: Ending): void {
  const last = (pattern: RegExp) =>
    effects
      .findLast((one) => pattern.test(one))
      ?.split(' ')
      .at(-1);
  const now = [...fleet.servers.values()].map(({ name, weight, admin }) => [name, weight, admin]);
  expect(now).toEqual([
    ['engine-1', 100, 'ready'],
    ['engine-2', Number(last(/ weight \d+$/) ?? 100), last(/ (drain|ready)$/) ?? 'ready'],
    ['engine-3', 100, 'ready'],
  ]);
}

const accepted = POINTS.flatMap((point) =>
  MESSAGES.flatMap((message) => {
    const expected = point.expected[message];
    return expected === undefined || isRefusal(expected)
      ? []
      : [{ name: point.name, point, message, expected }];
  }),
);

describe('an operator’s message', () => {
  it.concurrent.each(accepted)(
    '$message, while $name: does what it says, and is in the audit',
    async ({ point, message, expected }) => {
      const one = begin(point);
      await one.reach();
      expect(await one.say(message)).toBeUndefined();
      if (point.isBlocked !== true) await one.heard(message);
      expect(await one.finish()).toEqual(expected);
      checkFleet(one, expected);
      const [line] = auditOf(one.id, message);
      expect(line).toMatchObject({ who: 'ada', from: 'temporal', outcome: 'accepted' });
      expect(line?.detail).toContain('(a drill)');
    },
  );

  it.concurrent.each(POINTS)(
    'that makes no sense while $name is refused with its reason, and changes nothing',
    async (point) => {
      const one = begin(point);
      const refused = MESSAGES.filter((message) => isRefusal(point.expected[message]));
      await one.reach();
      const answers = await Promise.all(
        refused.map(async (message) => [message, await one.say(message)] as const),
      );
      // Before it ends, as a person's yes on its way there is in the audit as well.
      const audited = refused.map((message) => [message, auditOf(one.id, message).length]);
      expect(answers).toEqual(refused.map((message) => [message, point.expected[message]]));
      // The one said on the way to the point may be the same word; a refusal leaves no trace.
      expect(audited).toEqual(
        refused.map((message) => [message, point.first === orderOf(message).action ? 1 : 0]),
      );
      expect(await one.finish()).toEqual(point.undisturbed);
      checkFleet(one, point.undisturbed);
    },
  );
});

describe('a question that nobody answers', () => {
  it.concurrent.each(SILENCES)('$name', async (point) => {
    const one = begin(point);
    await one.reach();
    expect(await one.finish(false)).toEqual(point.undisturbed);
    checkFleet(one, point.undisturbed);
  });
});

describe('what a denied rollback keeps', () => {
  it.concurrent('stays in force when the violation is gone: it is a person’s now', async () => {
    const one = begin(ASKING_FOR_ROLLBACK);
    const kept = ASKING_FOR_ROLLBACK.expected['deny-rollback'] as Ending;
    await one.reach();
    expect(await one.say('deny-rollback')).toBeUndefined();
    await one.settle(false);
    // Nothing is in its way: without it the service would do as well.
    await one.cure();
    expect(await one.finish(false)).toEqual(kept);
    checkFleet(one, kept);
    expect(one.story.filter((line) => line.startsWith('kept: to undo by hand'))).toHaveLength(2);
    expect(one.story.filter((line) => /^(hold|release|released): /.test(line))).toEqual([]);
  });
});
