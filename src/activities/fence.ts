import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { asFailure } from './failure.js';
import type { World } from './world.js';

/** How often an attempt that acts says that it lives: an abort waits for it, and is as fast as this. */
const ACTS_EVERY_MS = 200;
/** How often one says so that only looks: nobody waits for it, and there may be hundreds at a time. */
const LOOKS_EVERY_MS = 1_000;

/** Acts with heartbeats, so that a worker's death is seen and an abort arrives. */
export function alive<T>(run: () => Promise<T>): Promise<T> {
  return beating(ACTS_EVERY_MS, run);
}

/** Looks at something for as long as it takes, with fewer of them. */
export function watching<T>(run: () => Promise<T>): Promise<T> {
  return beating(LOOKS_EVERY_MS, run);
}

async function beating<T>(everyMs: number, run: () => Promise<T>): Promise<T> {
  const context = Context.current();
  // The first is due after as long: what is done by then costs none.
  const beat = setInterval(() => context.heartbeat(), everyMs);
  try {
    return await asFailure(run);
  } catch (error) {
    // An abort ends whatever was awaited with an abort error: the cancellation is what happened.
    if (context.cancellationSignal.aborted) throw new CancelledFailure('aborted');
    throw error;
  } finally {
    clearInterval(beat);
  }
}

/**
 * Stops an attempt that is no longer the current one: after a pause (SIGSTOP, a sleeping laptop) the
 * server may long have started the next. Asked right before each effect.
 */
export async function fence(world: World): Promise<void> {
  const { info, cancellationSignal } = Context.current();
  if (cancellationSignal.aborted) throw new CancelledFailure('aborted');
  const { workflowExecution, activityId, attempt } = info;
  if (workflowExecution === undefined) return;
  const isCurrent = await world.coordination.isCurrent({
    ...workflowExecution,
    activityId,
    attempt,
  });
  if (isCurrent) return;
  throw ApplicationFailure.nonRetryable(
    `attempt ${attempt} of ${activityId} was overtaken: it changes nothing`,
    'overtaken',
  );
}
