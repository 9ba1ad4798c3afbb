import type { IncidentDetail } from '../../lib/contract.js';
import { Icon } from '../../ui/icon.js';
import { abort, acknowledge, pause, skip } from './orders.js';

/** States in which a recovery acts or may act, so that it can be stopped. */
const ACTING = [
  'recovering',
  'awaiting-approval',
  'paused',
  'verifying',
  'rolling-back',
  'waiting',
  'mitigated',
  'releasing',
];

/** The orders that make sense in the incident's state. */
export function IncidentActions({ incident }: { readonly incident: IncidentDetail }) {
  if (incident.state === 'resolved') return null;
  const isActing = ACTING.includes(incident.state);
  const isPaused = incident.state === 'paused';
  return (
    <div class="actions">
      {incident.acknowledgedBy === null ? (
        <button class="btn small" type="button" onClick={() => acknowledge(incident)}>
          <Icon shape="person" />
          Acknowledge
        </button>
      ) : (
        <span class="badge tone-quiet">
          <Icon shape="person" />
          {incident.acknowledgedBy} has it
        </span>
      )}
      {isActing ? (
        <>
          <button class="btn small" type="button" onClick={() => pause(incident, isPaused)}>
            <Icon shape={isPaused ? 'wrench' : 'pause'} />
            {isPaused ? 'Resume' : 'Pause'}
          </button>
          <button class="btn small" type="button" onClick={() => skip(incident)}>
            <Icon shape="skip" />
            Skip step
          </button>
          <button class="btn small danger" type="button" onClick={() => abort(incident)}>
            <Icon shape="cross" />
            Abort
          </button>
        </>
      ) : null}
      <a class="btn small quiet" href={incident.uiUrl} target="_blank" rel="noreferrer">
        Temporal
        <Icon shape="out" />
        <span class="sr"> (opens a new tab)</span>
      </a>
    </div>
  );
}
