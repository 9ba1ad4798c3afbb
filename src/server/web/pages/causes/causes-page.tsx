import type { Incident } from '../../lib/contract.js';
import { moment, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import {
  changes,
  incidents,
  rcaStatistics,
  recommendations,
  report as reportResource,
} from '../../lib/resources.js';
import { incidentPath, search, setQuery } from '../../lib/router.js';
import { Hypotheses } from '../../ui/hypotheses.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';
import { Badge } from '../../ui/badge.js';
import { ChangeList } from './change-list.js';
import { Confidence } from './confidence.js';
import { Correlations } from './correlations.js';
import { Patterns } from './patterns.js';
import { Recommendations } from './recommendations.js';

/** Why it happened: one analysis at a time, and what all of them say together. */
export function CausesPage() {
  const list = useResource(incidents);
  const all = list.data?.incidents ?? [];
  const analysed = newestPerId(all.filter(({ probableCause }) => probableCause !== null));
  const wanted = new URLSearchParams(search.value).get('incident') ?? undefined;
  const id = wanted ?? analysed[0]?.id;
  return (
    <div class="page">
      <header>
        <div>
          <h1>Root cause</h1>
          <p>What it came from, how sure that is, and what keeps it from coming back.</p>
        </div>
        {analysed.length === 0 ? null : (
          <div class="toolbar">
            <label for="analysis">Analysis of</label>
            <select
              id="analysis"
              value={id}
              onChange={(event) => setQuery('incident', event.currentTarget.value)}
            >
              {analysed.map((one) => (
                <option key={one.id} value={one.id}>
                  {scope(one)} · {words(one.threshold)}, {moment(one.openedAt, nowMs())}
                </option>
              ))}
            </select>
          </div>
        )}
      </header>
      {id === undefined ? (
        <Panel title="Analyses">
          <Loaded of={list} what="analyses">
            {() => (
              <Empty shape="check">
                No incident was analysed yet. Each one is, while its recovery goes on.
              </Empty>
            )}
          </Loaded>
        </Panel>
      ) : (
        <Analysis key={id} id={id} />
      )}
      <div class="grid">
        <Panel title="Recommendations" class="span-8" flush>
          <Loaded of={useResource(recommendations)} what="recommendations with their state">
            {(data) => <Recommendations all={data.recommendations} />}
          </Loaded>
        </Panel>
        <div class="span-4 stack">
          <Panel title="All analyses">
            <Loaded of={useResource(rcaStatistics)} what="statistics over analyses">
              {(data) => <Confidence statistics={data} />}
            </Loaded>
          </Panel>
          <Panel title="Changes" flush aside="deploys, scaling, restarts, config">
            <Loaded of={useResource(changes)} what="record of changes">
              {(data) => <ChangeList changes={data.changes} />}
            </Loaded>
          </Panel>
        </div>
        <Panel title="Historical patterns" class="span-12" flush>
          <Loaded of={list} what="incidents">
            {() => <Patterns all={all} />}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}

/** The page of an incident shows its newest run: of the runs of one fingerprint only that is offered. */
function newestPerId(all: readonly Incident[]): Incident[] {
  const seen = new Set<string>();
  return all.filter(({ id }) => !seen.has(id) && seen.add(id));
}

function Analysis({ id }: { readonly id: string }) {
  const known = useResource(reportResource(id));
  if (known.problem?.kind === 'absent') {
    return (
      <Panel title="Analysis">
        <Empty shape="clock">
          The analysis of <a href={incidentPath(id)}>{id.replace(/^incident:/, '')}</a> is not filed
          yet.
        </Empty>
      </Panel>
    );
  }
  return (
    <div class="grid">
      <Panel title="Probable cause" class="span-5" aside={<a href={incidentPath(id)}>Incident</a>}>
        <Loaded of={known} what="report">
          {(report) => (
            <div class="stack">
              <p class="lead">{report.summary}</p>
              <p class="row">
                <Badge
                  shown={
                    report.isConfident
                      ? { word: 'confident', shape: 'check', tone: 'good' }
                      : { word: 'not certain', shape: 'ring', tone: 'warn' }
                  }
                />
              </p>
              <Hypotheses hypotheses={report.hypotheses} undetermined={report.undetermined} />
            </div>
          )}
        </Loaded>
      </Panel>
      <div class="span-7 stack">
        <Panel
          title="Correlations and their lags"
          flush
          aside="left of 0 it leads the violated series"
        >
          <Loaded of={known} what="correlations">
            {(report) => <Correlations report={report} />}
          </Loaded>
        </Panel>
        <Panel title="Insights and prevention">
          <Loaded of={known} what="insights">
            {({ insights, prevention, missing }) => (
              <div class="stack">
                <Bullets title="Insights" items={insights} />
                <Bullets title="Prevention" items={prevention} />
                <Bullets title="What could not be looked at" items={missing} />
                {insights.length + prevention.length + missing.length === 0 ? (
                  <Empty>The analysis has nothing to add.</Empty>
                ) : null}
              </div>
            )}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}

function Bullets({ title, items }: { readonly title: string; readonly items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul class="bullets">
        {items.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}
