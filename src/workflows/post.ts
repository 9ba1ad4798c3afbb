import { uuid4 } from '@temporalio/workflow';
import type { SignalDefinition } from '@temporalio/common';
import type { Letter } from './letter-messages.js';
import { deliver } from './proxies.js';

/** Who is written to: its newest run where none is named. */
export type Addressee = Pick<Letter, 'workflowId' | 'runId'>;

/** A signal to another workflow, for an activity to deliver before it acts. */
export function letterTo<Args extends unknown[]>(
  { workflowId, runId }: Addressee,
  signal: SignalDefinition<Args>,
  ...args: Args
): Letter {
  const to = runId === undefined ? { workflowId } : { workflowId, runId };
  return { ...to, signal: signal.name, args, id: uuid4() };
}

/**
 * Signals another workflow by way of a worker: once, and at once, where a signal of Temporal's own waits
 * in the server's queue and costs it half as much again (docs/performance.md). No local activity: of
 * several under way a replay may resolve another first than was at first, and what follows be in
 * another order.
 *
 * @throws ActivityFailure where that workflow does not run.
 */
export async function post<Args extends unknown[]>(
  to: Addressee,
  signal: SignalDefinition<Args>,
  ...args: Args
): Promise<void> {
  await deliver(letterTo(to, signal, ...args));
}
