import { describe, expect, it } from 'vitest';
import type { ActionName } from '../../../src/domain/recovery/action.js';
import type { RecoveryPolicy } from '../../../src/domain/recovery/policy.js';
import { ActionRun, Attempt, portsOf } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

/** Error rates of engine-1, engine-2, … in percent. */
function erring(...rates: number[]): FakeFleet {
  const fleet = new FakeFleet(rates.length);
  fleet.levelOf = (_, replica) => rates[Number(replica.slice(7)) - 1];
  return fleet;
}

const ofService = { replica: undefined };

function runOf(
  name: ActionName,
  fleet: FakeFleet,
  policy: Partial<RecoveryPolicy> = {},
  violation: { replica: string | undefined } = ofService,
): ActionRun {
  const replicas = [...fleet.processes.keys()];
  return new ActionRun(name, fleet, portsOf(fleet), { violation, policy, replicas });
}

async function why(run: ActionRun): Promise<string> {
  const prepared = await run.prepare();
  return prepared.kind === 'ready'
    ? `ready: ${prepared.line}`
    : `${prepared.kind}: ${prepared.why}`;
}

describe('circuit_breaker_open for a service', () => {
  it('opens for each that stands out, the worst first', async () => {
    const fleet = erring(0, 10, 0, 30);
    const initial = fleet.state();
    const run = runOf('circuit_breaker_open', fleet);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    expect(fleet.effects).toEqual(['breaker engine-4 open', 'breaker engine-2 open']);
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    expect(fleet.state()).toBe(initial);
  });

  it('opens for as many as the blast radius allows, and says which stay', async () => {
    const fleet = erring(0, 10, 0, 30);
    expect(await why(runOf('circuit_breaker_open', fleet, { maxSharePercent: 25 }))).toMatch(
      /^ready: open the breaker of engine-4.*\(left in service: engine-2: 2 of 4 servers/,
    );
    expect(await why(runOf('circuit_breaker_open', fleet, { minHealthyReplicas: 3 }))).toMatch(
      /^ready: open the breaker of engine-4.*left in service: engine-2: only 2 healthy/,
    );
  });

  it('is skipped when all fail alike', async () => {
    expect(await why(runOf('circuit_breaker_open', erring(9, 10, 9, 10)))).toBe(
      'skip: no replica stands out in error_rate_percent: all share the load',
    );
  });

  it('is skipped for one whose breaker is open already, with why it is', async () => {
    const fleet = erring(0, 10, 0, 0);
    const chat = { service: 'chat', replica: 'engine-2' };
    await fleet.breakerPort.order(chat, 'open', { by: 'breaker', reason: '5 failures' });
    expect(await why(runOf('circuit_breaker_open', fleet))).toBe(
      'skip: the breaker of engine-2 is open already (5 failures)',
    );
  });

  it('opens one in earnest that is open in name only', async () => {
    const fleet = erring(0, 10, 0, 0);
    const chat = { service: 'chat', replica: 'engine-2' };
    await fleet.breakerPort.order(chat, 'open', { by: 'breaker', reason: '5 failures' });
    fleet.order('engine-2', { admin: 'ready' });
    const run = runOf('circuit_breaker_open', fleet);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    expect(fleet.breakers.get('engine-2')).toMatchObject({ status: 'open', by: 'recovery' });
    await run.action.undo(run.context(new Attempt(), 'undo'), state);
    expect(fleet.breakers.get('engine-2')?.status).toBe('closed');
  });

  it('leaves a breaker alone that somebody isolated, or that opened by itself, since', async () => {
    const fleet = erring(0, 10, 0, 0);
    const chat = { service: 'chat', replica: 'engine-2' };
    const run = runOf('circuit_breaker_open', fleet);
    const state = await run.ready();
    await run.action.apply(run.context(), state);
    await fleet.breakerPort.order(chat, 'isolate', { by: 'ada' });
    expect(await run.action.undo(run.context(new Attempt(), 'undo'), state)).toBe(
      'the breaker of engine-2 is isolated by ada since: left alone',
    );
    await fleet.breakerPort.order(chat, 'close', { by: 'ada' });
    await fleet.breakerPort.order(chat, 'open', { by: 'breaker' });
    expect(await run.action.undo(run.context(new Attempt(), 'undo'), state)).toBe(
      'the breaker of engine-2 is open by breaker since: left alone',
    );
  });
});

describe('a server whose circuit is open', () => {
  it.each<ActionName>(['load_balancer_adjust', 'traffic_routing', 'restart_service'])(
    'counts as out of service for %s',
    async (name) => {
      const fleet = erring(0, 10, 0);
      fleet.circuits = new Map([['engines/engine-1', 'open']]);
      expect(await why(runOf(name, fleet))).toMatch(/^refuse: 2 of 3 servers would be out/);
    },
  );

  it('can be restarted whatever the limits: it serves nobody', async () => {
    const fleet = erring(0, 10, 0);
    fleet.circuits = new Map([['engines/engine-2', 'open']]);
    const run = runOf('restart_service', fleet, { minHealthyReplicas: 3 });
    expect(await why(run)).toMatch(/^ready: restart engine-2/);
  });
});

describe('restart_service', () => {
  it('is skipped for a service in which nobody stands out: all would be out', async () => {
    expect(await why(runOf('restart_service', erring(9, 10, 9)))).toMatch(/^skip: no replica/);
  });

  it('refuses by the processes where no balancer is configured', async () => {
    const fleet = erring(0, 10);
    const ports = { ...portsOf(fleet), loadBalancer: undefined };
    const violation = { replica: 'engine-2' };
    const options = { violation, policy: { minHealthyReplicas: 2 } };
    const run = new ActionRun('restart_service', fleet, ports, options);
    expect(await why(run)).toMatch(/^refuse: only 1 healthy servers would remain/);
  });

  it.each([
    ['starting', /^skip: engine-2 is starting already$/],
    ['stopped', /^refuse: engine-2 was stopped by hand/],
  ] as const)('leaves a replica alone that is %s', async (state, expected) => {
    const fleet = erring(0, 10, 0);
    fleet.setState('engine-2', state);
    expect(await why(runOf('restart_service', fleet))).toMatch(expected);
  });
});

describe('deployment_rollback', () => {
  it('is skipped when one replica fails and others run the same release well', async () => {
    const fleet = erring(0, 10, 0);
    fleet.deploy('r2');
    const run = runOf('deployment_rollback', fleet, {}, { replica: 'engine-2' });
    expect(await why(run)).toBe(
      'skip: only engine-2 is affected; engine-1, engine-3 run release r2 as well',
    );
  });

  it('leaves a release alone that somebody activated since', async () => {
    const fleet = erring(0, 10, 0);
    fleet.deploy('r2');
    const run = runOf('deployment_rollback', fleet);
    const state = await run.ready();
    fleet.deploy('r3');
    expect(await run.action.apply(run.context(), state)).toContain('left alone');
    expect(await run.action.undo(run.context(), state)).toContain('left alone');
    expect(fleet.release).toBe('r3');
  });
});
