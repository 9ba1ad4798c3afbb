import net from 'node:net';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../../../src/adapters/temporal/connection.js';
import { createDevServerEnv } from '../../support/temporal.js';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv({});
});
afterAll(() => env.teardown());

/** A way to the server that can be cut: what was connected breaks, what is new is refused. */
async function cuttable(address: string): Promise<{ address: string; cut: () => Promise<void> }> {
  const target = Number(address.split(':')[1]);
  const sockets = new Set<net.Socket>();
  const relay = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(relay.address() as net.AddressInfo).port}`,
    cut: () =>
      new Promise((resolve) => {
        relay.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

it('rejects a call that waits to be repeated when its connection is closed', async () => {
  const way = await cuttable(env.address);
  const connection = await connectClient({ address: way.address });
  const call = connection.workflowService.describeNamespace({ namespace: 'default' });
  await call;
  await way.cut();
  const repeated = connection.workflowService.describeNamespace({ namespace: 'default' });
  const settled = repeated.then(
    () => 'answered',
    (error: unknown) => error,
  );
  // The first repetition comes within 0.2 s of the first failure; the second some 0.3 s later.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await connection.close();
  expect(await settled).toMatchObject({ code: 1, details: 'Channel has been shut down' });
});
