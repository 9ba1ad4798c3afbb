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
 * Signals another workflow by way of a worker: once, and sooner than a signal of Temporal's own, at two
 * thirds of its cost (docs/decisions/signals-by-way-of-a-worker.md).
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
