import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { Reconciler } from '../../src/compose/reconciler.js';
import type { SettleInput } from '../../src/workflows/settle-messages.js';

/** A Temporal with these recoveries that were terminated; what each answers when asked what it owes. */
function temporalWith(owed: Readonly<Record<string, () => Promise<unknown>>>) {
  const settled: SettleInput[] = [];
  const client = {
    workflow: {
      async *list() {
        for (const runId of Object.keys(owed)) {
          yield await Promise.resolve({ workflowId: `recovery:${runId}:1`, runId });
        }
      },
      getHandle: (_: string, runId: string) => ({
        query: () => owed[runId]?.(),
        describe: () => Promise.resolve({ raw: {} }),
      }),
      start: (_: string, { args: [input] }: { args: [SettleInput] }) =>
        Promise.resolve(void settled.push(input)),
    },
  };
  return { client: client as unknown as Client, settled };
}

it('settles what it can, and looks again at a run whose history can’t be replayed', async () => {
  const undo = { undoLine: 'set server engines/engine-2 weight 100' };
  let isBroken = true;
  const { client, settled } = temporalWith({
    broken: () =>
      isBroken ? Promise.reject(new Error('TMPRL1100')) : Promise.resolve([undo, undo]),
    nothing: () => Promise.resolve([]),
    whole: () => Promise.resolve([undo]),
  });
  const problems: unknown[] = [];
  const reconciler = new Reconciler(client, (problem) => problems.push(problem));
  expect(await reconciler.look()).toEqual(['whole']);
  expect(problems).toEqual([new Error('TMPRL1100')]);
  isBroken = false;
  expect(await reconciler.look()).toEqual(['broken']);
  expect(settled.map(({ runId, owed }) => [runId, owed.length])).toEqual([
    ['whole', 1],
    ['broken', 2],
  ]);
  // What was looked at once is not asked again.
  expect(await reconciler.look()).toEqual([]);
});
