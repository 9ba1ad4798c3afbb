import type { IncidentView } from './messages.js';
import type { Ask } from './operator-control.js';

/** Why an operator's message makes no sense to an incident now, or undefined when it does. */
export function refusalOf(
  { action, keep }: Ask,
  { waiting, state }: Pick<IncidentView, 'waiting' | 'state'>,
  { isRunning, isAborted }: { readonly isRunning: boolean; readonly isAborted: boolean },
): string | undefined {
  if (action === 'abort') {
    if (isAborted) return 'it is being aborted already';
    // What is undone by then can't be kept, and half of it would be neither.
    return keep === true ? refusalWhileEnding(state) : undefined;
  }
  if (!isRunning) return `no recovery is running: the incident is ${state}`;
  switch (action) {
    case 'approve':
    case 'deny':
      return waiting?.kind === 'step' ? undefined : 'no step waits for an approval';
    case 'approve-rollback':
      return waiting?.kind === 'rollback' ? undefined : 'no rollback waits for an approval';
    case 'resume':
      return state === 'paused' ? undefined : 'it is not paused';
    case 'pause':
      if (state === 'paused') return 'it is paused already';
      return refusalAfterSteps(waiting) ?? refusalWhileEnding(state);
    case 'skip':
      return refusalAfterSteps(waiting) ?? refusalWhileEnding(state);
    case 'deny-rollback':
      return refusalWhileEnding(state);
  }
}

function refusalWhileEnding(state: IncidentView['state']): string | undefined {
  return state === 'rolling-back' ? 'the rollback has begun: it is not stopped halfway' : undefined;
}

function refusalAfterSteps(waiting: IncidentView['waiting']): string | undefined {
  return waiting?.kind === 'rollback'
    ? 'the steps are over: the rollback waits for an approval'
    : undefined;
}
