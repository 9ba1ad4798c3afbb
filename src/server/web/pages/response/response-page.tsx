import type { Incident } from '../../lib/contract.js';
import { percent } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import { alerts, breakers, incidents, mode, summary } from '../../lib/resources.js';
import { Badge } from '../../ui/badge.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';
import { Stat, Stats } from '../../ui/stat.js';
import { AlertList } from './alert-list.js';
import { BreakerTable } from './breaker-table.js';
import { ModePanel } from './mode-panel.js';
import { Recovery } from './recovery.js';
import { RecentIncidents } from './recent-incidents.js';

/** More live recoveries than this are listed as incidents only: each is a question every few seconds. */
const MOST_LIVE = 8;
const FIRST = ['awaiting-approval', 'escalated'];

/** What is being done, what waits for whom, and what can be stopped. */
export function ResponsePage() {
  const list = useResource(incidents);
  const figures = useResource(summary).data;
  const now = useResource(mode);
  const all = list.data?.incidents ?? [];
  const open = all
    .filter(({ state }) => state !== 'resolved')
    .sort((a, b) => Number(FIRST.includes(b.state)) - Number(FIRST.includes(a.state)));
  const asking = open.filter(({ state }) => state === 'awaiting-approval').length;
  const escalated = open.filter(({ state }) => state === 'escalated').length;
  return (
    <div class="page">
      <header>
        <div>
          <h1>Incident response</h1>
          <p>What is being done, what waits for you, and how to stop it.</p>
        </div>
      </header>
      <Stats>
        <Stat label="Open incidents" value={list.data === undefined ? '–' : open.length} />
        <Stat
          label="Wait for approval"
          value={list.data === undefined ? '–' : asking}
          note={
            asking > 0 ? <span class="tone-ask">nothing happens without you</span> : 'none asks'
          }
        />
        <Stat
          label="Escalated"
          value={list.data === undefined ? '–' : escalated}
          note={escalated > 0 ? <span class="tone-bad">a person must act</span> : 'none'}
        />
        <Stat
          label="Recovery success"
          value={hasEnded(all) ? percent(figures?.recovery_success_rate) : '–'}
          note={hasEnded(all) ? 'of recoveries, 24 h' : 'none has ended in 24 h'}
        />
        <Stat
          label="Mode"
          isWord
          value={<Badge state={now.data?.mode ?? figures?.monitoring_mode ?? '…'} bare />}
          note={now.data?.why ?? undefined}
        />
      </Stats>
      <div class="grid">
        <div class="span-8 stack">
          <Panel
            title="Active recoveries"
            flush
            aside={open.length === 0 ? undefined : `${open.length} open`}
          >
            <Loaded of={list} what="incidents">
              {() =>
                open.length === 0 ? (
                  <Empty shape="check">
                    Nothing is open. Past incidents are in the list below.
                  </Empty>
                ) : (
                  <ul class="list">
                    {open.slice(0, MOST_LIVE).map((one) => (
                      <Recovery key={`${one.id}/${one.runId}`} incident={one} />
                    ))}
                    {open.length > MOST_LIVE ? (
                      <li>
                        <a href="/incidents?state=open">
                          {open.length - MOST_LIVE} more open incidents
                        </a>
                      </li>
                    ) : null}
                  </ul>
                )
              }
            </Loaded>
          </Panel>
          <Panel title="Recently closed" flush aside={<a href="/incidents">All incidents</a>}>
            <Loaded of={list} what="incidents">
              {() => <RecentIncidents all={all} />}
            </Loaded>
          </Panel>
        </div>
        <div class="span-4 stack">
          <ModePanel />
          <Panel title="Circuit breakers" flush>
            <Loaded of={useResource(breakers)} what="circuit breakers">
              {(data) => <BreakerTable breakers={data.breakers} />}
            </Loaded>
          </Panel>
          <Panel title="Alerts and escalations" flush>
            <Loaded of={useResource(alerts)} what="alerts">
              {(data) => <AlertList alerts={data.alerts} />}
            </Loaded>
          </Panel>
        </div>
      </div>
    </div>
  );
}

const DAY_MS = 86_400_000;

/** Whether a recovery of the last day has an outcome: without any, a rate of 100 % says nothing. */
function hasEnded(all: readonly Incident[]): boolean {
  return all.some(
    ({ outcome, openedAt }) =>
      outcome !== null && openedAt !== null && nowMs() - Date.parse(openedAt) < DAY_MS,
  );
}
