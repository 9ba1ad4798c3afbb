import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../src/activities/actions/index.js';
import { AdapterError } from '../../../src/domain/ports.js';
import { ACTION_NAMES } from '../../../src/domain/recovery/action.js';
import { ActionRun, Attempt, portsOf } from '../action-run.js';
import { CASES, forbidden, type ActionCase } from './cases.js';

function begin(one: ActionCase) {
  const fleet = one.arrange();
  const run = new ActionRun(one.name, fleet, portsOf(fleet), { violation: one.violation });
  return { fleet, run, initial: fleet.state() };
}

/** The state of the fleet when the action has been applied once, with nothing in its way. */
async function finalState(one: ActionCase): Promise<string> {
  const { fleet, run } = begin(one);
  await run.action.apply(run.context(), await run.ready());
  return fleet.state();
}

function expectOnce(effects: readonly string[], once: readonly string[]): void {
  for (const effect of once) expect(effects.filter((e) => e === effect)).toEqual([effect]);
}

const hang = () => new Promise<void>(() => undefined);

it('tests every action that there is', () => {
  expect(CASES.map(({ name }) => name)).toEqual([...ACTION_NAMES]);
});

it.each(ACTION_NAMES)(
  '%s is registered under its name, and has an undo or says why not',
  (name) => {
    const action = ACTIONS[name];
    expect(action?.name).toBe(name);
    expect(action?.irreversible).not.toBe('');
    expect(action?.settleMs).toBeGreaterThan(0);
    expect(action?.timeoutMs).toBeGreaterThan(0);
  },
);

describe.each(CASES)('$name', (one) => {
  const steps = one.applied.map((effect, index) => ({ effect, index }));

  it('sets the state it planned, and its undo restores the one before', async () => {
    const { fleet, run, initial } = begin(one);
    const state = await run.ready();
    expect(fleet.effects).toEqual([]);
    expect(await run.action.apply(run.context(), state)).not.toBe('');
    expect(fleet.effects).toEqual(one.applied);
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    expect(fleet.effects.slice(one.applied.length)).toEqual(one.undone);
    if (one.undone.length > 0) expect(fleet.state()).toBe(initial);
  });

  it('can be put back after its undo', async () => {
    const { fleet, run } = begin(one);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    await run.action.apply(run.context(new Attempt(), 'put-back'), state);
    expect(fleet.state()).toBe(await finalState(one));
  });

  it('refuses where a limit or the fleet forbids it, and changes nothing', async () => {
    const { fleet, ports } = forbidden(one);
    const run = new ActionRun(one.name, fleet, ports, { violation: one.violation });
    const prepared = await run.prepare();
    expect(prepared.kind).toBe('refuse');
    expect(prepared.kind === 'ready' ? '' : prepared.why).toMatch(one.refusal);
    expect(fleet.effects).toEqual([]);
  });

  it('undoes nothing that was not done', async () => {
    const { fleet, run, initial } = begin(one);
    await run.action.undo(run.context(), await run.ready());
    expect(fleet.effects).toEqual([]);
    expect(fleet.state()).toBe(initial);
  });

  it('changes nothing when it is asked again', async () => {
    const { fleet, run } = begin(one);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    await run.action.apply(run.context(), state);
    expect(fleet.effects).toEqual(one.applied);
  });

  it.each(steps)('ends right when “$effect” times out after taking effect', async ({ index }) => {
    const { fleet, run } = begin(one);
    const state = await run.ready();
    fleet.afterEffect = (_, at) => {
      if (at === index) throw new AdapterError('timeout', 'no answer');
    };
    await expect(run.action.apply(run.context(), state)).rejects.toMatchObject({
      reason: 'timeout',
    });
    await run.action.apply(run.context(), state);
    expectOnce(fleet.effects, one.once);
    expect(fleet.state()).toBe(await finalState(one));
  });

  it.each(steps)('ends right when “$effect” fails without effect', async ({ index }) => {
    const { fleet, run } = begin(one);
    const state = await run.ready();
    let failures = 0;
    fleet.beforeEffect = (_, at) => {
      if (at === index && failures++ === 0) throw new AdapterError('unreachable', 'no way');
    };
    await expect(run.action.apply(run.context(), state)).rejects.toMatchObject({
      reason: 'unreachable',
    });
    await run.action.apply(run.context(), state);
    expectOnce(fleet.effects, one.once);
    expect(fleet.state()).toBe(await finalState(one));
  });

  it.each(steps)('ends right when the worker dies before “$effect”', async ({ index }) => {
    const { fleet, run } = begin(one);
    const state = await run.ready();
    const died = new Promise<void>((resolve) => {
      fleet.beforeEffect = (_, at) => {
        if (at !== index) return undefined;
        fleet.beforeEffect = () => undefined;
        resolve();
        return hang();
      };
    });
    void run.action.apply(run.context(), state);
    await died;
    await run.action.apply(run.context(), state);
    expect(fleet.effects).toEqual(one.applied);
    expect(fleet.state()).toBe(await finalState(one));
  });

  it.each(steps)(
    'ends right when the worker dies after “$effect”, and fences the attempt that wakes up late',
    async ({ index }) => {
      const { fleet, run } = begin(one);
      const state = await run.ready();
      const first = new Attempt();
      let wakeUp: () => void = () => undefined;
      const died = new Promise<void>((resolve) => {
        fleet.afterEffect = (_, at) => {
          if (at !== index) return undefined;
          fleet.afterEffect = () => undefined;
          resolve();
          return new Promise<void>((wake) => {
            wakeUp = wake;
          });
        };
      });
      const late = run.action.apply(run.context(first), state).catch(() => undefined);
      await died;
      await run.action.apply(run.context(), state);
      expect(fleet.effects).toEqual(one.applied);
      // Meanwhile something else may have been decided: what is so now must stay.
      await run.action.undo(run.context(new Attempt(), 'undo'), state);
      const settled = fleet.state();
      first.overtake();
      wakeUp();
      // It may look for what is gone until its own bound: the server tells it first.
      await sleep(50);
      first.abort('TIMED_OUT');
      await late;
      expect(fleet.state()).toBe(settled);
      expect(fleet.effects).toEqual([...one.applied, ...one.undone]);
    },
  );

  it('changes nothing in an attempt that was overtaken before it began', async () => {
    const { fleet, run, initial } = begin(one);
    const state = await run.ready();
    const attempt = new Attempt();
    attempt.overtake();
    await expect(run.action.apply(run.context(attempt), state)).rejects.toMatchObject({
      type: 'overtaken',
    });
    expect(fleet.effects).toEqual([]);
    expect(fleet.state()).toBe(initial);
  });

  it('changes nothing when it is aborted before it began', async () => {
    const { fleet, run, initial } = begin(one);
    const state = await run.ready();
    const attempt = new Attempt();
    attempt.abort();
    await expect(run.action.apply(run.context(attempt), state)).rejects.toThrow();
    expect(fleet.effects).toEqual([]);
    expect(fleet.state()).toBe(initial);
  });

  it.each(steps)('leaves nothing half done when it is aborted at “$effect”', async ({ index }) => {
    const { fleet, run, initial } = begin(one);
    const state = await run.ready();
    const attempt = new Attempt();
    fleet.afterEffect = (_, at) => {
      if (at === index) attempt.abort();
    };
    await run.action.apply(run.context(attempt), state).catch((error: unknown) => {
      if (!attempt.signal.aborted) throw error;
    });
    const servers = [...fleet.servers.values()];
    if (run.action.irreversible !== undefined) {
      expect(servers.map((s) => s.admin)).toEqual(servers.map(() => 'ready'));
      return;
    }
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    await sleep(30);
    expect(fleet.state()).toBe(initial);
  });

  it.each(one.undone.map((effect, index) => ({ effect, index })))(
    'restores the state before when its undo fails at “$effect”, and is tried again',
    async ({ index }) => {
      for (const isAfter of [false, true]) {
        const { fleet, run, initial } = begin(one);
        const state = await run.ready();
        await run.action.apply(run.context(), state);
        const at = one.applied.length + index;
        let failures = 0;
        const fail = (_: string, now: number) => {
          if (now === at && failures++ === 0) throw new AdapterError('unreachable', 'no way');
        };
        if (isAfter) fleet.afterEffect = fail;
        else fleet.beforeEffect = fail;
        const undo = () => run.action.undo(run.context(new Attempt(), 'undo'), state);
        await expect(undo()).rejects.toMatchObject({ reason: 'unreachable' });
        await undo();
        expect(fleet.state()).toBe(initial);
        expect(fleet.effects).toEqual([...one.applied, ...one.undone]);
      }
    },
  );
});
