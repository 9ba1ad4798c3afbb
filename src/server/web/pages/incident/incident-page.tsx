import type { IncidentDetail } from '../../lib/contract.js';
import { duration, moment, quantity, relative, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import { incident as incidentResource } from '../../lib/resources.js';
import { Asking } from '../../ui/asking.js';
import { Badge } from '../../ui/badge.js';
import { Icon } from '../../ui/icon.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';
import { Owed, Steps } from '../../ui/steps.js';
import { IncidentActions } from '../response/incident-actions.js';
import { approve, deny } from '../response/orders.js';
import { IncidentCharts } from './incident-charts.js';
import { IncidentReport } from './incident-report.js';
import { Story } from './story.js';

/** One incident from the first breach to its cause: what is wrong, what was done, and what it did. */
export function IncidentPage({ id }: { readonly id: string }) {
  const known = useResource(incidentResource(id));
  if (known.data === undefined && known.problem?.kind === 'absent') {
    return (
      <div class="page">
        <header>
          <div>
            <h1>Unknown incident</h1>
            <p>
              No incident is named <code>{id}</code>. <a href="/incidents">All incidents</a>
            </p>
          </div>
        </header>
      </div>
    );
  }
  return (
    <div class="page">
      <Head id={id} one={known.data} />
      <Question one={known.data} />
      <div class="grid">
        <div class="span-7 stack">
          <IncidentCharts id={id} />
          <Panel title="Timeline" flush>
            <Loaded of={known} what="timeline">
              {({ timeline }) => <Story lines={timeline} />}
            </Loaded>
          </Panel>
        </div>
        <div class="span-5 stack">
          <Panel
            title="Recovery"
            aside={known.data?.procedure == null ? undefined : words(known.data.procedure)}
          >
            <Loaded of={known} what="recovery">
              {(one) => <RecoveryPart one={one} />}
            </Loaded>
          </Panel>
          <IncidentReport id={id} />
        </div>
      </div>
    </div>
  );
}

function Head({ id, one }: { readonly id: string; readonly one: IncidentDetail | undefined }) {
  if (one === undefined) {
    return (
      <header>
        <div>
          <h1>{id.replace(/^incident:/, '')}</h1>
          <p>Loading…</p>
        </div>
      </header>
    );
  }
  return (
    <header>
      <div>
        <div class="row">
          <Badge state={one.severity} />
          <Badge state={one.state === 'resolved' ? (one.outcome ?? 'resolved') : one.state} />
          {one.state === 'resolved' ? (
            <span class="muted">closed {moment(one.resolvedAt, nowMs())}</span>
          ) : null}
        </div>
        <h1>
          {scope(one)} · {words(one.threshold)}
        </h1>
        <p>
          {words(one.violationType)}: {quantity(one.value, one.unit)}, limit{' '}
          {quantity(one.limit, one.unit)}; opened {moment(one.openedAt, nowMs())}, {since(one)}
        </p>
      </div>
      {one.state === 'resolved' ? (
        <a class="btn small quiet" href={one.uiUrl} target="_blank" rel="noreferrer">
          Temporal
          <Icon shape="out" />
          <span class="sr"> (opens a new tab)</span>
        </a>
      ) : (
        <IncidentActions incident={one} />
      )}
    </header>
  );
}

function since({ openedAt, resolvedAt }: IncidentDetail): string {
  if (openedAt === null) return '';
  if (resolvedAt === null) return relative(openedAt, nowMs());
  return `lasted ${duration((Date.parse(resolvedAt) - Date.parse(openedAt)) / 1000)}`;
}

/** Above everything else: on a phone, what waits for a person is not searched for below a chart. */
function Question({ one }: { readonly one: IncidentDetail | undefined }) {
  if (one?.waiting == null) return null;
  const { waiting } = one;
  return (
    <Asking
      waiting={waiting}
      onApprove={() => approve(one, waiting)}
      onDeny={() => deny(one, waiting)}
    />
  );
}

function RecoveryPart({ one }: { readonly one: IncidentDetail }) {
  if (one.steps.length === 0) {
    return (
      <Empty>
        {one.state === 'resolved'
          ? 'Nothing was changed, or its steps are no longer held: the timeline has what was done.'
          : 'No step is planned yet.'}
      </Empty>
    );
  }
  return (
    <>
      {one.why === null ? null : <p class="muted">{one.why}</p>}
      <Steps steps={one.steps} />
      <Owed owed={one.owed} />
    </>
  );
}
