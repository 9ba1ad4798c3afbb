import { WorkflowUpdateRPCTimeoutOrCancelledError, type Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { createBreakers } from '../../src/compose/breakers.js';
import { DEFAULT_BREAKERS } from '../../src/domain/recovery/breaker-kinds.js';
import { asProblem } from '../../src/server/incidents.js';

/** What the client makes of an update whose deadline went by: no error of gRPC. */
const late = new WorkflowUpdateRPCTimeoutOrCancelledError('Call cancelled');

it('answers 503 to an order that no worker takes in time, and says that it may be tried again', () => {
  expect(asProblem(late, 'incident:x')).toMatchObject({
    status: 503,
    detail: expect.stringContaining('did not answer in time') as string,
  });
});

it('takes a breaker’s silence for a timeout', async () => {
  const client = {
    connection: { withDeadline: (_: number, run: () => unknown) => run() },
    workflow: {
      getHandle: () => ({ signal: () => Promise.resolve() }),
      executeUpdateWithStart: () => Promise.reject(late),
    },
  } as unknown as Client;
  const breakers = { interval: 1_000, reconcile: 1_000, kinds: DEFAULT_BREAKERS };
  const order = createBreakers(() => client, { breakers }).order(
    { service: 'chat', replica: 'engine-2' },
    'open',
    { by: 'ada' },
  );
  await expect(order).rejects.toMatchObject({ name: 'AdapterError', reason: 'timeout' });
});
