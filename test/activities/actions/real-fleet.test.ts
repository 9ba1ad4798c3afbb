import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { engine } from '../../../src/adapters/actuators/engine.js';
import { haproxy } from '../../../src/adapters/actuators/haproxy.js';
import { processActuator } from '../../../src/adapters/actuators/process.js';
import type { ActionName } from '../../../src/domain/recovery/action.js';
import type { Violation } from '../../../src/domain/sla/violation.js';
import { startFleet, type FleetProcess } from '../../adapters/actuators/fleet-process.js';
import { ActionRun, Attempt, type Ports } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

const replicaList = z.object({
  replicas: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      state: z.string(),
      release: z.string(),
      generation: z.number(),
    }),
  ),
});

let fleet: FleetProcess;
let ports: Ports;
/** Samples and archive only: what is changed are real processes. */
let recorded: FakeFleet;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  fleet = await startFleet(2);
  const balancer = haproxy.create(
    haproxy.schema.parse({
      address: `127.0.0.1:${fleet.gateway.runtime.port}`,
      maps: { circuit: 'circuit' },
    }),
  );
  const supervisor = processActuator.create(
    processActuator.schema.parse({ services: { chat: fleet.supervisor.url } }),
  );
  const engines = engine.create(
    engine.schema.parse({
      replicas: Object.fromEntries(fleet.replicas.map(({ name, url }) => [name, url])),
      completionTimeout: '1s',
    }),
  );
  closers.push(supervisor.close, engines.close);
  ports = {
    loadBalancer: { port: balancer.loadBalancer, backend: 'engines' },
    engine: engines.engine,
    control: supervisor.replicas,
    deployment: supervisor.deployment,
  };
  recorded = new FakeFleet(2);
});

afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
  await fleet.stop();
});

async function read(url: string): Promise<unknown> {
  const reply = await request(url);
  return reply.body.json();
}

const gatewayState = async () => JSON.stringify(await read(`${fleet.gateway.url}/-/state`));
const replicas = async () =>
  replicaList.parse(await read(`${fleet.supervisor.url}/v1/replicas`)).replicas;
/** Without what a start changes. */
const supervisorState = async () =>
  JSON.stringify((await replicas()).map((one) => ({ ...one, generation: undefined })));
const generationOf = async (name: string) =>
  (await replicas()).find((one) => one.name === name)?.generation;

const states = async () => ({ gateway: await gatewayState(), supervisor: await supervisorState() });

function runOf(name: ActionName, violation: Partial<Violation>): ActionRun {
  const names = ['engine-1', 'engine-2'];
  return new ActionRun(name, recorded, ports, { violation, replicas: names });
}

it('restarts a hung replica, which completes again, and leaves the gateway as it was', async () => {
  const before = await states();
  await fleet.inject('hung-core', 'engine-2');
  expect(await ports.engine?.health('engine-2')).toMatchObject({ completes: false });
  const run = runOf('restart_service', { replica: 'engine-2' });
  const state = await run.ready();
  await run.action.apply(run.context(), state);
  await run.action.apply(run.context(), state);
  expect(await ports.engine?.health('engine-2')).toMatchObject({ completes: true });
  expect(await generationOf('engine-2')).toBe(2);
  expect(await generationOf('engine-1')).toBe(1);
  expect(recorded.archived.map(({ name }) => name)).toEqual([
    'engine-2-generation-1/state.json',
    'engine-2-generation-1/log.txt',
  ]);
  expect(recorded.archived[0]?.text).toContain('num_requests_running');
  await run.action.undo(run.context(new Attempt(), 'undo'), state);
  expect(await states()).toEqual(before);
});

it('adds a replica that the gateway sends requests to, and takes it away again', async () => {
  const before = await states();
  const run = runOf('scale_resources', { replica: undefined });
  const state = await run.ready();
  await run.action.apply(run.context(), state);
  await run.action.apply(run.context(), state);
  expect((await replicas()).map(({ name, state: now }) => [name, now])).toEqual([
    ['engine-1', 'running'],
    ['engine-2', 'running'],
    ['engine-3', 'running'],
  ]);
  const servers = (await ports.loadBalancer?.port.servers('engines')) ?? [];
  expect(servers.map(({ name, admin, isUp }) => [name, admin, isUp])).toContainEqual([
    'engine-3',
    'ready',
    true,
  ]);
  await run.action.undo(run.context(new Attempt(), 'undo'), state);
  await run.action.undo(run.context(new Attempt(), 'undo'), state);
  expect(await states()).toEqual(before);
});

it('puts the service back on the release before, and on the later one again', async () => {
  const first = await states();
  const deploy = { operationId: 'deploy', release: 'r2', ifRelease: 'r1' };
  await ports.deployment?.activate('chat', deploy);
  const before = await states();
  expect(before).not.toEqual(first);
  const run = runOf('deployment_rollback', { replica: undefined });
  const state = await run.ready();
  await run.action.apply(run.context(), state);
  await run.action.apply(run.context(), state);
  expect(await states()).toEqual(first);
  // What is active now ran first: to leave it again would not be going back.
  expect(await run.prepare()).toMatchObject({ kind: 'refuse' });
  await run.action.undo(run.context(new Attempt(), 'undo'), state);
  expect(await states()).toEqual(before);
});
