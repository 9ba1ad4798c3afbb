import { ApplicationFailure } from '@temporalio/common';
import type { ActContext } from './action.js';

/** Reasons of an activity's end after which another attempt may be at work already. */
const LOST = ['NOT_FOUND', 'TIMED_OUT', 'RESET'];

/**
 * Whether this attempt may put back what it changed on the way, now that it fails: while it is the
 * current one, also when it was aborted or all actions were stopped meanwhile, since those must not
 * leave a replica out of service. One that was overtaken, or can't know, leaves it to the next.
 */
export async function mayRestore(context: ActContext): Promise<boolean> {
  try {
    await context.fence();
    return true;
  } catch (error) {
    if (error instanceof ApplicationFailure) return error.type === 'stopped';
    const { signal } = context;
    return (
      signal.aborted && !(signal.reason instanceof Error && LOST.includes(signal.reason.message))
    );
  }
}
