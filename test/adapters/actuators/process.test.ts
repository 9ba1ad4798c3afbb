import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { processActuator } from '../../../src/adapters/actuators/process.js';
import type { ReplicaProcess } from '../../../src/domain/ports.js';
import { startFleet, type FleetProcess } from './fleet-process.js';
import { startHttpServer, type Answer } from './http-server.js';

function portsOf(url: string, more: Readonly<Record<string, unknown>> = {}) {
  const ports = processActuator.create(
    processActuator.schema.parse({ services: { llm: url }, ...more }),
  );
  onTestFinished(() => ports.close());
  return ports;
}

describe('process actuator against the reference fleet', () => {
  let fleet: FleetProcess;
  beforeAll(async () => {
    fleet = await startFleet(2);
  });
  afterAll(() => fleet.stop());
  const ports = () => portsOf(fleet.supervisor.url);
  const find = async (name: string): Promise<ReplicaProcess> => {
    const found = (await ports().replicas.replicas('llm')).find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} is missing`);
    return found;
  };

  it('lists the replicas', async () => {
    expect(await ports().replicas.replicas('llm')).toEqual(
      fleet.replicas.map(({ name, url }) => ({
        name,
        address: new URL(url).host,
        state: 'running',
        release: expect.any(String) as string,
        generation: 1,
      })),
    );
  });

  it('restarts once for an operation, however often it is asked', async () => {
    const { generation } = await find('engine-1');
    const ask = { operationId: 'restart-1', ifGeneration: generation };
    await Promise.all([1, 2, 3].map(() => ports().replicas.restart('llm', 'engine-1', ask)));
    expect(await find('engine-1')).toMatchObject({ state: 'running', generation: generation + 1 });
  });

  it('changes nothing when another restart came between, and says what it is now', async () => {
    const { generation } = await find('engine-1');
    await expect(
      ports().replicas.restart('llm', 'engine-1', {
        operationId: 'late',
        ifGeneration: generation - 1,
      }),
    ).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringContaining(
        `has generation ${generation}, not ${generation - 1}`,
      ) as string,
    });
    expect(await find('engine-1')).toMatchObject({ generation });
  });

  it('scales to an absolute number and back', async () => {
    await ports().replicas.scale('llm', { operationId: 'scale-up', replicas: 3 });
    await ports().replicas.scale('llm', { operationId: 'scale-up', replicas: 3 });
    expect(await find('engine-3')).toMatchObject({ state: 'running' });
    await ports().replicas.scale('llm', { operationId: 'scale-down', replicas: 2 });
    // A late first attempt of the first operation changes nothing any more.
    await ports().replicas.scale('llm', { operationId: 'scale-up', replicas: 3 });
    expect(await ports().replicas.replicas('llm')).toHaveLength(2);
  });

  it('activates a release if the one that was seen is still active', async () => {
    const before = await ports().deployment.releases('llm');
    const other = before.known.find(({ id }) => id !== before.active)?.id ?? '';
    const ask = { operationId: 'roll', release: other, ifRelease: before.active };
    await ports().deployment.activate('llm', ask);
    await ports().deployment.activate('llm', ask);
    const after = await ports().deployment.releases('llm');
    expect(after.active).toBe(other);
    expect(after.known.find(({ id }) => id === other)?.activatedAtMs).toBeGreaterThan(0);
    await expect(
      ports().deployment.activate('llm', { ...ask, operationId: 'late-roll' }),
    ).rejects.toMatchObject({ reason: 'rejected' });
    await ports().deployment.activate('llm', {
      operationId: 'roll-back',
      release: before.active,
      ifRelease: other,
    });
    expect((await ports().deployment.releases('llm')).active).toBe(before.active);
    const changes = await ports().deployment.changes('llm', 0);
    expect(changes.filter(({ kind }) => kind === 'release')).toMatchObject([
      { service: 'llm', replica: undefined },
      { service: 'llm', replica: undefined },
    ]);
    expect(changes.filter(({ kind }) => kind === 'restart')).toMatchObject([
      { replica: 'engine-1' },
    ]);
    expect(await ports().deployment.changes('llm', Date.now() + 1_000)).toEqual([]);
  });

  it('names replicas, releases and services that do not exist', async () => {
    const { replicas, deployment } = ports();
    const restart = { operationId: 'x', ifGeneration: 1 };
    for (const call of [
      () => replicas.restart('llm', 'engine-99', restart),
      () => replicas.restart('llm', '../scale', restart),
      () => deployment.activate('llm', { operationId: 'x', release: 'none', ifRelease: 'r1' }),
      () => replicas.logs('llm', 'engine-99', 5),
      () => replicas.replicas('other'),
    ]) {
      await expect(call()).rejects.toMatchObject({ reason: 'not-found' });
    }
  });

  it('finds nothing wrong at start-up', async () => {
    expect(await ports().check()).toEqual([]);
  });
});

describe('process actuator on a bad day', () => {
  it('says that nobody answers', async () => {
    const ports = portsOf(`http://127.0.0.1:${await findFreePort()}`);
    await expect(ports.replicas.replicas('llm')).rejects.toMatchObject({ reason: 'unreachable' });
    expect(await ports.check()).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it.each<[string, Answer, string]>([
    ['no answer', 'hang', 'timeout'],
    ['half an answer', 'cut', 'unreachable'],
    ['a page of HTML', [200, '<html>'], 'rejected'],
    ['another shape', [200, { replicas: [{ name: 'r1' }] }], 'rejected'],
    ['401', [401], 'unauthorized'],
    ['429', [429], 'rate-limited'],
    ['500', [500], 'unreachable'],
  ])('turns %s into %s', async (_what, answer, reason) => {
    const server = await startHttpServer(() => answer);
    const { replicas } = portsOf(server.url, { timeout: '200ms' });
    await expect(replicas.replicas('llm')).rejects.toMatchObject({ name: 'AdapterError', reason });
  });

  it('reads the last lines of a log', async () => {
    const server = await startHttpServer(({ url }) =>
      url === '/v1/replicas/r%2F1/logs?tail=2' ? [200, 'one\ntwo\n'] : [404],
    );
    expect(await portsOf(server.url).replicas.logs('llm', 'r/1', 2)).toBe('one\ntwo\n');
  });

  it('repeats an operation under its own id after a timeout, so that it happens once', async () => {
    const done = new Set<string>();
    let effects = 0;
    const server = await startHttpServer(({ body }) => {
      const { operationId } = JSON.parse(body) as { operationId: string };
      if (done.has(operationId)) return [200, { already: true }];
      done.add(operationId);
      effects += 1;
      return 'hang';
    });
    const { replicas } = portsOf(server.url, { actTimeout: '200ms' });
    const ask = { operationId: 'op', ifGeneration: 4 };
    await expect(replicas.restart('llm', 'r1', ask)).rejects.toMatchObject({ reason: 'timeout' });
    await replicas.restart('llm', 'r1', ask);
    expect(effects).toBe(1);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ ...ask, graceMs: 5_000 });
  });

  it('shows its token to the supervisor, and no error shows it', async () => {
    process.env['PARAMEDIC_TEST_SUPERVISOR_TOKEN'] = 'sesame';
    onTestFinished(() => {
      delete process.env['PARAMEDIC_TEST_SUPERVISOR_TOKEN'];
    });
    const server = await startHttpServer(() => [403, 'no']);
    const { replicas } = portsOf(server.url, { token: { env: 'PARAMEDIC_TEST_SUPERVISOR_TOKEN' } });
    const error: unknown = await replicas.replicas('llm').catch((thrown: unknown) => thrown);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer sesame');
    expect(String(error)).not.toContain('sesame');
    expect(error).toMatchObject({ reason: 'unauthorized' });
  });
});
