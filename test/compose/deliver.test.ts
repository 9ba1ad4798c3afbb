import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import type { Letter } from '../../src/workflows/letter-messages.js';
import { createDevServerEnv } from '../support/temporal.js';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv();
});
afterAll(() => env.teardown());

/** A run without a worker: what it was sent stands in its history. */
async function started(
  workflowId: string,
): Promise<{ runId: string; signals: () => Promise<unknown[]> }> {
  const handle = await env.client.workflow.start('incident', { workflowId, taskQueue: 'nobody' });
  const signals = async () => {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      signal === undefined || signal === null
        ? []
        : [
            [
              signal.signalName,
              ...(signal.input?.payloads ?? []).map(
                ({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as unknown,
              ),
            ],
          ],
    );
  };
  return { runId: handle.firstExecutionRunId, signals };
}

const letter = (to: Pick<Letter, 'workflowId' | 'runId'>, id: string, text: string): Letter => ({
  ...{ ...to, id, signal: 'told' },
  args: [{ text }, 2],
});

describe('a letter', () => {
  it('arrives once, however often it is delivered', async () => {
    const coordination = createCoordination(env.client);
    const { runId, signals } = await started('reader-1');
    const first = letter({ workflowId: 'reader-1', runId }, 'a', 'first');
    // A second worker knows nothing of the first one's try.
    const other = createCoordination(env.client);
    expect(await coordination.deliver(first)).toBe(true);
    expect(await other.deliver(first)).toBe(true);
    expect(await coordination.deliver(letter({ workflowId: 'reader-1' }, 'b', 'second'))).toBe(
      true,
    );
    expect(await signals()).toEqual([
      ['told', { text: 'first' }, 2],
      ['told', { text: 'second' }, 2],
    ]);
  });

  it('is returned where nobody is there, or that run has ended', async () => {
    const coordination = createCoordination(env.client);
    expect(await coordination.deliver(letter({ workflowId: 'nobody' }, 'c', 'x'))).toBe(false);
    const { runId } = await started('reader-2');
    await env.client.workflow.getHandle('reader-2').terminate();
    await started('reader-2');
    expect(await coordination.deliver(letter({ workflowId: 'reader-2', runId }, 'd', 'x'))).toBe(
      false,
    );
  });
});
