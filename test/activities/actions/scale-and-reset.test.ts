import { describe, expect, it } from 'vitest';
import { AdapterError } from '../../../src/domain/ports.js';
import { ActionRun, Attempt, portsOf } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

describe('scale_resources', () => {
  const begin = (fleet = new FakeFleet()) => ({
    fleet,
    run: new ActionRun('scale_resources', fleet, portsOf(fleet), {
      violation: { replica: undefined },
    }),
  });

  it('ends with the autoscaler’s refusal, which leaves nothing to undo', async () => {
    const { fleet, run } = begin();
    const initial = fleet.state();
    const state = await run.ready();
    const why = 'deployment "chat" is scaled by HorizontalPodAutoscaler "chat" (1 to 9)';
    fleet.control.scale = () => Promise.reject(new AdapterError('rejected', why));
    await expect(run.action.apply(run.context(), state)).rejects.toMatchObject({
      reason: 'rejected',
      message: why,
    });
    expect(await run.action.undo(run.context(), state)).toBe('4 replicas, as before');
    expect(fleet.state()).toBe(initial);
  });

  it('leaves the number alone that somebody else set since', async () => {
    const { fleet, run } = begin();
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    await fleet.control.scale('chat', { operationId: 'a person', replicas: 7 });
    const settled = fleet.state();
    const told = '7 replicas, set by somebody else since: left alone';
    expect(await run.action.undo(run.context(new Attempt(), 'undo'), state)).toBe(told);
    expect(await run.action.apply(run.context(new Attempt(), 'again'), state)).toBe(told);
    expect(fleet.state()).toBe(settled);
  });

  it('only scales where there is no load balancer', async () => {
    const fleet = new FakeFleet();
    const ports = { ...portsOf(fleet), loadBalancer: undefined };
    const run = new ActionRun('scale_resources', fleet, ports);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    expect(fleet.effects).toEqual(['scale 5', 'scale 4']);
  });

  it.each([
    ['starting', 'skip'],
    ['stopped', 'refuse'],
  ] as const)('does not add to a fleet in which one is %s', async (state, kind) => {
    const { fleet, run } = begin();
    fleet.setState('engine-3', state);
    expect(await run.prepare()).toMatchObject({ kind });
  });
});

describe('cache_invalidation', () => {
  it('does not take an engine that is out of reach for one that can’t empty its cache', async () => {
    const fleet = new FakeFleet();
    fleet.levelOf = (metric) => (metric === 'kv_cache_usage_percent' ? 99 : undefined);
    const ports = portsOf(fleet);
    const capabilities = () =>
      Promise.reject(new AdapterError('unreachable', 'connection refused'));
    const engine = { ...fleet.engine, capabilities };
    const run = new ActionRun('cache_invalidation', fleet, { ...ports, engine });
    expect(await run.prepare()).toEqual({
      kind: 'refuse',
      why: 'engine-2 did not answer within 3 s',
    });
  });
});

describe('health_check_reset', () => {
  const begin = (arrange: (fleet: FakeFleet) => void, replica?: string) => {
    const fleet = new FakeFleet();
    arrange(fleet);
    const options = { violation: { replica } };
    return { fleet, run: new ActionRun('health_check_reset', fleet, portsOf(fleet), options) };
  };

  it('is skipped when all are well', async () => {
    const { run } = begin(() => undefined);
    expect(await run.prepare()).toEqual({
      kind: 'skip',
      why: 'engine-1 is well; engine-2 is well; engine-3 is well; engine-4 is well',
    });
  });

  it.each(['drain', 'maint'] as const)('leaves a %s alone that was ordered', async (admin) => {
    const { run } = begin((fleet) => fleet.order('engine-2', { admin, isUp: false }), 'engine-2');
    expect(await run.prepare()).toMatchObject({
      kind: 'skip',
      why: expect.stringContaining(`it is in ${admin} by an order`) as string,
    });
  });

  it.each([
    ['paused', 'resume engine-2'],
    ['asleep', 'wake engine-2'],
  ] as const)('makes an engine complete again that was %s, once', async (idle, effect) => {
    const { fleet, run } = begin((made) => made.setIdle('engine-2', idle));
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    expect(await run.action.apply(run.context(), state)).toBe('engine-2 completes already');
    expect(fleet.effects).toEqual([effect]);
  });

  it('leaves a hung engine to a restart, within the time that a preparation has', async () => {
    const { run } = begin((fleet) => {
      fleet.setIdle('engine-2', 'hung');
      fleet.engine.capabilities = () => new Promise(() => undefined);
    });
    const startedAtMs = Date.now();
    expect(await run.prepare()).toMatchObject({
      kind: 'skip',
      why: expect.stringContaining(
        'engine-2 is not well (it completed nothing within 3 s)',
      ) as string,
    });
    expect(Date.now() - startedAtMs).toBeLessThan(4_500);
  });

  it('does not take back a server that somebody drained since', async () => {
    const { fleet, run } = begin((made) => made.order('engine-2', { isUp: false }));
    const state = await run.ready();
    fleet.order('engine-2', { admin: 'drain' });
    expect(await run.action.apply(run.context(), state)).toContain('left alone');
    expect(fleet.effects).toEqual([]);
  });
});
