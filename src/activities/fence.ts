import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { asFailure } from './failure.js';
import type { World } from './world.js';

/** How often a running attempt says that it lives: an abort is as fast as this. */
const HEARTBEAT_EVERY_MS = 200;

/** Runs with heartbeats, so that a worker's death is seen and an abort arrives. */
export async function alive<T>(run: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
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
