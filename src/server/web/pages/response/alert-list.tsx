import type { Alert } from '../../lib/contract.js';
import { relative } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { incidentPath } from '../../lib/router.js';
import { Badge } from '../../ui/badge.js';
import { Icon } from '../../ui/icon.js';
import { Empty } from '../../ui/panel.js';

const SHOWN = 12;

/** What was told to whom, the newest first; escalations and failed deliveries say so. */
export function AlertList({ alerts }: { readonly alerts: readonly Alert[] }) {
  if (alerts.length === 0) return <Empty shape="check">Nobody had to be alerted.</Empty>;
  const sorted = [...alerts].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, SHOWN);
  return (
    <ul class="list">
      {sorted.map((one) => (
        <li key={one.id}>
          <div class="row">
            <Badge state={one.severity} bare />
            <Badge state={one.state} bare />
            <span class="end muted">{relative(one.at, nowMs())}</span>
          </div>
          <p class="wrap">
            {one.incidentId === null ? (
              one.title
            ) : (
              <a href={incidentPath(one.incidentId)}>{one.title}</a>
            )}
          </p>
          <div class="row muted">
            {one.escalationLevel > 0 ? (
              <span class="row tone-bad">
                <Icon shape="up" />
                escalation {one.escalationLevel}
              </span>
            ) : null}
            {one.acknowledgedBy === null ? null : <span>{one.acknowledgedBy} has it</span>}
            {(one.deliveries ?? []).map(({ channel, state, attempts, error }) => (
              <span
                key={channel}
                class={`row${state === 'failed' ? ' tone-bad' : ''}`}
                title={error ?? ''}
              >
                <Icon
                  shape={state === 'delivered' ? 'check' : state === 'failed' ? 'cross' : 'clock'}
                />
                {channel} {state === 'delivered' ? '' : `${state}, ${attempts} attempts`}
              </span>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}
