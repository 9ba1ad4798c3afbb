import net from 'node:net';
import { Client, type Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { connectClient, connectWorker } from '../../../src/adapters/temporal/connection.js';
import { ensureNamespace } from '../../../src/adapters/temporal/namespace.js';
import { ensureSearchAttributes } from '../../../src/adapters/temporal/search-attributes.js';
import { createDevServerEnv, createTimeSkippingEnv } from '../../support/temporal.js';

const REPLICA = defineSearchAttributeKey('Replica', 'KEYWORD');
const ATTRIBUTES = { Service: 'Keyword', RolledBack: 'Bool' } as const;

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv(ATTRIBUTES);
});
afterAll(() => env.teardown());

async function connected(): Promise<Connection> {
  const connection = await connectClient({ address: env.address });
  onTestFinished(() => connection.close());
  return connection;
}

describe('connectClient and connectWorker', () => {
  it.each([
    ['client', connectClient],
    ['worker', connectWorker],
  ] as const)('%s: waits for a server that comes up late', async (_kind, connect) => {
    const port = await findFreePort();
    const attempt = connect({ address: `127.0.0.1:${port}` }, { deadlineMs: 10_000 });
    // A relay stands for the late server: it is the same server under another port.
    const target = Number(env.address.split(':')[1]);
    const relay = net.createServer((near) => {
      const far = net.connect(target, '127.0.0.1');
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    await new Promise<void>((resolve) => setTimeout(resolve, 300));
    relay.listen(port, '127.0.0.1');
    onTestFinished(() => void relay.close());
    const connection = await attempt;
    await connection.close();
  });

  it.each([
    ['client', connectClient],
    ['worker', connectWorker],
  ] as const)('%s: gives up at the deadline and names the address', async (_kind, connect) => {
    const address = `127.0.0.1:${await findFreePort()}`;
    const startedAtMs = Date.now();
    const attempt = connect({ address }, { deadlineMs: 400 });
    await expect(attempt).rejects.toMatchObject({ name: 'AdapterError', reason: 'unreachable' });
    await expect(attempt).rejects.toThrow(`Temporal at ${address} gave no answer within 400 ms`);
    expect(Date.now() - startedAtMs).toBeLessThan(2_000);
  });

  it('gives up on a port that accepts and stays silent', async () => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<net.Socket>();
    silent.on('connection', (socket) => sockets.add(socket));
    onTestFinished(() => {
      sockets.forEach((socket) => socket.destroy());
      silent.close();
    });
    const { port } = silent.address() as net.AddressInfo;
    await expect(
      connectClient({ address: `127.0.0.1:${port}` }, { deadlineMs: 600 }),
    ).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('stops waiting when aborted', async () => {
    const address = `127.0.0.1:${await findFreePort()}`;
    const abort = new AbortController();
    const attempt = connectClient({ address }, { deadlineMs: 60_000, signal: abort.signal });
    abort.abort();
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('ensureNamespace', () => {
  it('registers an absent namespace once, however many ask, so that workflows start in it', async () => {
    const connection = await connected();
    await Promise.all([ensureNamespace(connection, 'fresh'), ensureNamespace(connection, 'fresh')]);
    await ensureNamespace(connection, 'fresh');
    const client = new Client({ connection, namespace: 'fresh' });
    const handle = await client.workflow.start('any', { taskQueue: 'q', workflowId: 'w' });
    expect((await handle.describe()).status.name).toBe('RUNNING');
  }, 30_000);

  it('leaves the retention of an existing namespace alone, unless told to raise it', async () => {
    const connection = await connected();
    const retention = async (): Promise<number> => {
      const { config } = await connection.workflowService.describeNamespace({
        namespace: 'default',
      });
      return Number(config?.workflowExecutionRetentionTtl?.seconds);
    };
    expect(await retention()).toBe(86_400);
    await ensureNamespace(connection, 'default');
    expect(await retention()).toBe(86_400);
    await ensureNamespace(connection, 'default', { raiseRetention: true });
    expect(await retention()).toBe(30 * 86_400);
  });
});

describe('ensureSearchAttributes', () => {
  it('adds what is missing, and changes nothing the second time', async () => {
    const connection = await connected();
    const more = { ...ATTRIBUTES, Replica: 'Keyword' } as const;
    await Promise.all([
      ensureSearchAttributes(connection, 'default', more),
      ensureSearchAttributes(connection, 'default', more),
    ]);
    const list = () => connection.operatorService.listSearchAttributes({ namespace: 'default' });
    const { customAttributes } = await list();
    expect(customAttributes).toMatchObject({ Service: 2, RolledBack: 5, Replica: 2 });
    await ensureSearchAttributes(connection, 'default', more);
    expect((await list()).customAttributes).toEqual(customAttributes);

    const client = new Client({ connection });
    await client.workflow.start('any', {
      taskQueue: 'nobody',
      workflowId: 'labelled',
      typedSearchAttributes: [{ key: REPLICA, value: 'engine-2' }],
    });
    await expect
      .poll(() => client.workflow.count('Replica = "engine-2"').then(({ count }) => count))
      .toBe(1);
  });

  it('refuses a name that is registered with another type, and tells the way out', async () => {
    await expect(
      ensureSearchAttributes(await connected(), 'default', { Service: 'Bool' }),
    ).rejects.toThrow(/"Service".*must be a Bool.*search-attribute remove/);
  });

  it('says what to run by hand when the namespace has no room', async () => {
    const eleven = Array.from({ length: 11 }, (_, n) => [`Extra${n}`, 'Keyword'] as const);
    await expect(
      ensureSearchAttributes(await connected(), 'default', Object.fromEntries(eleven)),
    ).rejects.toThrow(/search-attribute create --namespace default .*--name Extra10/);
  });

  it('leaves the time-skipping server, which can not list, to addSearchAttributes', async () => {
    const skipping = await createTimeSkippingEnv(ATTRIBUTES);
    onTestFinished(() => skipping.teardown());
    const service = defineSearchAttributeKey('Service', 'KEYWORD');
    const handle = await skipping.client.workflow.start('any', {
      taskQueue: 'nobody',
      workflowId: 'labelled',
      typedSearchAttributes: [{ key: service, value: 'chat' }],
    });
    expect((await handle.describe()).typedSearchAttributes.get(service)).toBe('chat');
  });
});
