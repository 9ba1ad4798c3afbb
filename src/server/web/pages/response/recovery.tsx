import type { Incident } from '../../lib/contract.js';
import { quantity, relative, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import { incident as incidentResource } from '../../lib/resources.js';
import { incidentPath } from '../../lib/router.js';
import { Asking } from '../../ui/asking.js';
import { Badge } from '../../ui/badge.js';
import { Icon } from '../../ui/icon.js';
import { Owed, Steps } from '../../ui/steps.js';
import { IncidentActions } from './incident-actions.js';
import { approve, deny } from './orders.js';

/** One open incident as it happens: what is wrong, each step, what is owed, and what one can do. */
export function Recovery({ incident }: { readonly incident: Incident }) {
  const { data, problem } = useResource(incidentResource(incident.id));
  const one = data ?? incident;
  return (
    <li class="recovery">
      <div class="row">
        <Badge state={one.severity} />
        <a class="title" href={incidentPath(one.id)}>
          {scope(one)} · {words(one.threshold)}
        </a>
        <Badge state={one.state} />
        <span class="end muted">{relative(one.openedAt, nowMs())}</span>
      </div>
      <p class="what">
        {words(one.violationType)}: {quantity(one.value, one.unit)}, limit{' '}
        {quantity(one.limit, one.unit)}
        {one.procedure === null ? null : `; ${words(one.procedure)} procedure`}
      </p>
      {data === undefined ? (
        <p class="muted">{problem === undefined ? 'Loading its steps…' : problem.text}</p>
      ) : (
        <>
          {data.steps.length === 0 ? null : <Steps steps={data.steps} />}
          {data.steps.length > 0 ? null : <LastLine lines={data.timeline} />}
          {data.waiting === null ? null : (
            <Asking
              waiting={data.waiting}
              onApprove={() => data.waiting !== null && approve(data, data.waiting)}
              onDeny={() => data.waiting !== null && deny(data, data.waiting)}
            />
          )}
          <Owed owed={data.owed} />
          {data.probableCause === null ? null : (
            <p class="what row tight">
              <Icon shape="graph" />
              <span class="wrap">{data.probableCause}</span>
            </p>
          )}
          <IncidentActions incident={data} />
        </>
      )}
    </li>
  );
}

function LastLine({ lines }: { readonly lines: readonly { stage: string; text: string }[] }) {
  const last = lines.at(-1);
  return last === undefined ? null : (
    <p class="muted">
      {words(last.stage)}: {last.text}
    </p>
  );
}
