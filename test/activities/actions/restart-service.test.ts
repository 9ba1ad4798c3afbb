import { expect, it } from 'vitest';
import { AdapterError } from '../../../src/domain/ports.js';
import { ActionRun, Attempt, portsOf } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

function begin() {
  const fleet = new FakeFleet();
  const run = new ActionRun('restart_service', fleet, portsOf(fleet));
  return { fleet, run };
}

it('archives state and log before the restart', async () => {
  const { fleet, run } = begin();
  const state = await run.ready();
  let atRestart: unknown;
  fleet.beforeEffect = (effect) => {
    if (effect.startsWith('restart')) atRestart = [...fleet.archived];
  };
  await run.action.apply(run.context(), state);
  expect(atRestart).toEqual([
    { name: 'engine-2-generation-1/state.json', text: '{"metrics":"metrics of engine-2"}' },
    { name: 'engine-2-generation-1/log.txt', text: 'log of engine-2' },
  ]);
});

it('restarts although nothing can be archived, and says so', async () => {
  const { fleet, run } = begin();
  const state = await run.ready();
  fleet.archive.putForensics = () =>
    Promise.reject(new AdapterError('unreachable', 'disk is full'));
  const told = await run.action.apply(run.context(), state);
  expect(told).toContain('could not be archived (disk is full)');
  expect(fleet.generation('engine-2')).toBe(2);
});

it('waits for the requests in flight before it restarts', async () => {
  const { fleet, run } = begin();
  const state = await run.ready();
  fleet.order('engine-2', { activeRequests: 3 });
  const active: (number | undefined)[] = [];
  fleet.afterEffect = (effect) => {
    if (effect === 'admin engine-2 drain') {
      setTimeout(() => fleet.order('engine-2', { activeRequests: 0 }), 300);
    }
    if (effect.startsWith('restart')) active.push(fleet.servers.get('engine-2')?.activeRequests);
  };
  await run.action.apply(run.context(), state);
  expect(active).toEqual([0]);
});

it('leaves a replica drained that was drained before', async () => {
  const { fleet, run } = begin();
  fleet.order('engine-2', { admin: 'drain' });
  await run.action.apply(run.context(), await run.ready());
  expect(fleet.effects).toEqual(['restart engine-2']);
  expect(fleet.servers.get('engine-2')?.admin).toBe('drain');
});

it('ends the drain when the restart is refused', async () => {
  const { fleet, run } = begin();
  const initial = fleet.state();
  const state = await run.ready();
  fleet.beforeEffect = (effect) => {
    if (effect.startsWith('restart')) throw new AdapterError('rejected', 'frozen');
  };
  await expect(run.action.apply(run.context(), state)).rejects.toMatchObject({
    reason: 'rejected',
    message: 'frozen',
  });
  expect(fleet.state()).toBe(initial);
});

it.each(['abort', 'stop'] as const)('ends the drain on %s', async (how) => {
  const { fleet, run } = begin();
  const initial = fleet.state();
  const state = await run.ready();
  const attempt = new Attempt();
  fleet.afterEffect = (effect) => {
    if (effect === 'admin engine-2 drain') attempt[how]();
  };
  await expect(run.action.apply(run.context(attempt), state)).rejects.toThrow();
  expect(fleet.effects).toEqual(['admin engine-2 drain', 'admin engine-2 ready']);
  expect(fleet.state()).toBe(initial);
});

it.each(['TIMED_OUT', 'NOT_FOUND'] as const)(
  'leaves the drain to the next attempt on %s',
  async (reason) => {
    const { fleet, run } = begin();
    const state = await run.ready();
    const attempt = new Attempt();
    fleet.afterEffect = (effect) => {
      if (effect === 'admin engine-2 drain') attempt.abort(reason);
    };
    await expect(run.action.apply(run.context(attempt), state)).rejects.toThrow();
    expect(fleet.effects).toEqual(['admin engine-2 drain']);
    fleet.afterEffect = () => undefined;
    await run.action.apply(run.context(), state);
    expect(fleet.servers.get('engine-2')?.admin).toBe('ready');
    expect(fleet.generation('engine-2')).toBe(2);
  },
);

it('says when the drain could not be ended', async () => {
  const { fleet, run } = begin();
  const state = await run.ready();
  fleet.beforeEffect = (effect) => {
    if (effect !== 'admin engine-2 drain') throw new AdapterError('unreachable', effect);
  };
  await expect(run.action.apply(run.context(), state)).rejects.toThrow(
    'restart engine-2; and then: admin engine-2 ready; engines/engine-2 may be left in drain',
  );
  fleet.beforeEffect = () => undefined;
  expect(await run.action.undo(run.context(), state)).toBe('engines/engine-2 drain → ready');
});

it('does not restart what somebody else restarted meanwhile', async () => {
  const { fleet, run } = begin();
  const state = await run.ready();
  const by = { operationId: 'a person', ifGeneration: 1 };
  await portsOf(fleet).control?.restart('chat', 'engine-2', by);
  await run.action.apply(run.context(), state);
  expect(fleet.effects).toEqual(['restart engine-2']);
});
