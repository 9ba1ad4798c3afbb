import { isDeepStrictEqual } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ActionName, ActionParameters } from '../../../src/domain/recovery/action.js';
import type { OwedUndo } from '../../../src/workflows/messages.js';
import { ActionRun, Attempt, portsOf, type Debts } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

/** Recoveries of several incidents that each changed the same thing, one on top of the other. */
class Stack {
  readonly fleet = new FakeFleet();
  /** Those that another may not join now, as they are being undone. */
  readonly underWay = new Set<string>();
  private readonly owed = new Map<string, OwedUndo>();
  private readonly debts: Debts = {
    debtors: () =>
      Promise.resolve(
        [...this.owed].map(([name, one]) => ({ workflowId: name, runId: name, owed: [one] })),
      ),
    inherit: ({ runId }, { was, becomes }) => {
      const isAsSeen = isDeepStrictEqual(this.owed.get(runId), was);
      if (!isAsSeen || this.underWay.has(runId)) return Promise.resolve(false);
      this.owed.set(runId, becomes);
      return Promise.resolve(true);
    },
  };

  constructor(private readonly action: ActionName) {}

  /** The recovery of that incident acts. */
  async act(name: string, parameters: ActionParameters = {}): Promise<void> {
    const run = this.run(parameters);
    const prepared = await run.prepare();
    if (prepared.kind !== 'ready') throw new Error(prepared.why);
    const { before, desired, undoLine, ramp = [] } = prepared;
    const { step } = run.context();
    // As it comes back from a workflow.
    const owed = JSON.parse(JSON.stringify({ step, before, desired, undoLine, ramp })) as OwedUndo;
    await run.action.apply(run.context(new Attempt(), `apply of ${name}`), owed);
    this.owed.set(name, owed);
  }

  /** That incident undoes its change, and owes it no longer unless told; says what came of it. */
  async undo(name: string, { isLost = false } = {}): Promise<string> {
    const run = this.run();
    const mine = this.owes(name);
    const text = await run.action.undo(run.context(new Attempt(), `undo of ${name}`), mine);
    if (!isLost) this.owed.delete(name);
    return text;
  }

  owes(name: string): OwedUndo {
    const mine = this.owed.get(name);
    if (mine === undefined) throw new Error(`${name} owes nothing`);
    return mine;
  }

  private run(parameters: ActionParameters = {}): ActionRun {
    const { debts } = this;
    const options = { debts, parameters, policy: { releaseRampPercent: [25, 50] } };
    return new ActionRun(this.action, this.fleet, portsOf(this.fleet), options);
  }
}

/** Every order in which three can be undone. */
const ORDERS = [
  ['first', 'second', 'third'],
  ['first', 'third', 'second'],
  ['second', 'first', 'third'],
  ['second', 'third', 'first'],
  ['third', 'first', 'second'],
  ['third', 'second', 'first'],
];

describe('replicas that several incidents added', () => {
  let stack: Stack;
  beforeEach(() => {
    stack = new Stack('scale_resources');
  });

  it.each(ORDERS)('all go again when they are undone %s, %s, %s', async (...order) => {
    const initial = stack.fleet.state();
    for (const name of ['first', 'second', 'third']) await stack.act(name);
    expect(stack.fleet.processes.size).toBe(7);
    for (const name of order) await stack.undo(name);
    expect(stack.fleet.state()).toBe(initial);
  });

  it('stay until the later one goes, which says so', async () => {
    await stack.act('first');
    await stack.act('second');
    const undoLine = 'drain and remove the added servers, then scale chat back to 4 replicas';
    const told = `6 replicas, second changed it since, and undoes both: ${undoLine}`;
    expect(await stack.undo('first', { isLost: true })).toBe(told);
    expect(stack.fleet.processes.size).toBe(6);
    expect(stack.owes('second').undoLine).toBe(undoLine);
    // Its answer was lost on the way: asked again it changes nothing, and says the same.
    const joined = stack.owes('second');
    expect(await stack.undo('first')).toBe(told);
    expect(stack.owes('second')).toBe(joined);
  });

  it('are tried again while the later one is being undone', async () => {
    await stack.act('first');
    await stack.act('second');
    stack.underWay.add('second');
    await expect(stack.undo('first')).rejects.toMatchObject({
      reason: 'timeout',
      message: 'second changed it since, and is being undone',
    });
    stack.underWay.clear();
    await stack.undo('second');
    expect(await stack.undo('first')).toContain('5 → 4 replicas');
  });

  it('are a person’s once a person has set the number in between', async () => {
    await stack.act('first');
    await stack.fleet.control.scale('chat', { operationId: 'a person', replicas: 7 });
    for (let number = 6; number <= 7; number++) stack.fleet.setState(`engine-${number}`, 'running');
    await stack.act('second');
    expect(await stack.undo('first')).toBe('8 replicas, set by somebody else since: left alone');
    expect(await stack.undo('second')).toContain('8 → 7 replicas');
  });
});

describe('a weight that several incidents reduced', () => {
  let stack: Stack;
  beforeEach(() => {
    stack = new Stack('load_balancer_adjust');
  });
  const weight = () => stack.fleet.servers.get('engine-2')?.weight;
  const reduceThrice = async () => {
    await stack.act('first', { weightPercent: 40 });
    await stack.act('second', { weightPercent: 20 });
    await stack.act('third', { weightPercent: 5 });
  };

  it.each(ORDERS)('is what it was when they are undone %s, %s, %s', async (...order) => {
    const initial = stack.fleet.state();
    await reduceThrice();
    expect(weight()).toBe(5);
    for (const name of order) await stack.undo(name);
    expect(stack.fleet.state()).toBe(initial);
  });

  it('is ramped back by the last of them as by one that reduced it alone', async () => {
    await reduceThrice();
    const told =
      'weight of engines/engine-2 is 5, second changed it since, and undoes both: set server engines/engine-2 weight 100';
    expect(await stack.undo('first')).toBe(told);
    await stack.undo('second');
    const { undoLine, ramp } = stack.owes('third');
    expect(undoLine).toBe('set server engines/engine-2 weight 100');
    expect(ramp?.map(({ line }) => line)).toEqual([
      'set server engines/engine-2 weight 25',
      'set server engines/engine-2 weight 50',
    ]);
    expect(weight()).toBe(5);
  });

  it('is a person’s once a person has set it in between', async () => {
    await stack.act('first', { weightPercent: 40 });
    stack.fleet.order('engine-2', { weight: 70 });
    await stack.act('second', { weightPercent: 5 });
    expect(await stack.undo('first')).toContain('is 5, set by somebody else since: left alone');
    expect(await stack.undo('second')).toContain('5 → 70');
  });

  it('waits for the trial of a breaker, which restores the weight that it found', async () => {
    await stack.act('first', { weightPercent: 40 });
    stack.fleet.tryWithWeight('engine-2', 4);
    await expect(stack.undo('first')).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('the breaker of engine-2 is on trial') as string,
    });
    stack.fleet.tryWithWeight('engine-2', undefined);
    expect(await stack.undo('first')).toContain('40 → 100');
  });
});
