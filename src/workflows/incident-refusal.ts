import type { IncidentView, OperatorAction } from './messages.js';

/** Why an operator's message makes no sense to an incident now, or undefined when it does. */
export function refusalOf(
  action: OperatorAction,
  { waiting, state }: Pick<IncidentView, 'waiting' | 'state'>,
  { isRunning, isAborted }: { readonly isRunning: boolean; readonly isAborted: boolean },
): string | undefined {
  if (action === 'abort') return isAborted ? 'it is being aborted already' : undefined;
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
      return state === 'paused' ? 'it is paused already' : refusalWhileEnding(state);
    case 'skip':
    case 'deny-rollback':
      return refusalWhileEnding(state);
  }
}

function refusalWhileEnding(state: IncidentView['state']): string | undefined {
  return state === 'rolling-back' ? 'the rollback has begun: it is not stopped halfway' : undefined;
}
