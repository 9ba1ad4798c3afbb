import type { Incident } from '../lib/contract.js';
import { duration, moment, scope, words } from '../lib/format.js';
import { nowMs } from '../lib/now.js';
import { useResource } from '../lib/resource.js';
import { incidents } from '../lib/resources.js';
import { incidentPath, search, setQuery } from '../lib/router.js';
import { Badge } from '../ui/badge.js';
import { Empty, Loaded, Panel } from '../ui/panel.js';
import { VirtualList } from '../ui/virtual-list.js';

const ROW_HEIGHT = 50;

/** Every incident, newest first, by state and text; the choice is in the address, so that it can be shared. */
export function IncidentsPage() {
  const known = useResource(incidents);
  const query = new URLSearchParams(search.value);
  const state = query.get('state') ?? '';
  const text = query.get('text') ?? '';
  const all = known.data?.incidents ?? [];
  const shown = all.filter((one) => isOf(one, state) && textOf(one).includes(text.toLowerCase()));
  const isPartial = known.data?.next != null;
  return (
    <div class="page">
      <header>
        <div>
          <h1>Incidents</h1>
          <p>Everything that was found, what was done, and what it came from.</p>
        </div>
        <form class="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
          <select
            aria-label="State"
            value={state}
            onChange={(event) => setQuery('state', event.currentTarget.value || undefined)}
          >
            <option value="">all states</option>
            <option value="open">open</option>
            <option value="awaiting-approval">needs approval</option>
            <option value="escalated">escalated</option>
            <option value="resolved">resolved</option>
          </select>
          <input
            type="search"
            placeholder="Filter by text"
            aria-label="Filter by text"
            value={text}
            onInput={(event) => setQuery('text', event.currentTarget.value || undefined)}
          />
        </form>
      </header>
      <Panel
        title="Newest first"
        flush
        aside={
          <span role="status">
            {shown.length} of {all.length}
            {isPartial ? ' newest' : ''}
          </span>
        }
      >
        <Loaded of={known} what="incidents">
          {() =>
            shown.length === 0 ? (
              <Empty shape="check">
                {all.length === 0
                  ? 'Nothing has happened yet.'
                  : 'No incident matches this choice.'}
              </Empty>
            ) : (
              <VirtualList
                items={shown}
                rowHeight={ROW_HEIGHT}
                label="Incidents"
                row={(one, style) => <Row key={`${one.id}/${one.runId}`} one={one} style={style} />}
              />
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}

function isOf({ state }: Incident, wanted: string): boolean {
  if (wanted === '') return true;
  return wanted === 'open' ? state !== 'resolved' : state === wanted;
}

function textOf(one: Incident): string {
  return [
    scope(one),
    words(one.threshold),
    one.severity,
    one.outcome,
    one.procedure,
    one.probableCause,
  ]
    .join(' ')
    .toLowerCase();
}

function Row(props: { readonly one: Incident; readonly style: Readonly<Record<string, string>> }) {
  const { one, style } = props;
  return (
    <div role="listitem">
      <a class="item" style={style} href={incidentPath(one.id)}>
        <span>
          <Badge state={one.severity} bare />
        </span>
        <span>
          {scope(one)}
          <span class="sub">{words(one.threshold)}</span>
        </span>
        <span class="c-cause muted">{one.probableCause ?? '–'}</span>
        <span>
          <Badge state={one.state === 'resolved' ? (one.outcome ?? 'resolved') : one.state} bare />
        </span>
        <span class="muted">
          {moment(one.openedAt, nowMs())}
          <span class="sub">{lasted(one)}</span>
        </span>
      </a>
    </div>
  );
}

function lasted({ openedAt, resolvedAt }: Incident): string {
  if (openedAt === null) return '';
  if (resolvedAt === null) return 'open';
  return `for ${duration((Date.parse(resolvedAt) - Date.parse(openedAt)) / 1000)}`;
}
