import type { Sla } from '../../lib/contract.js';
import { percent, quantity, relative, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { useResource } from '../../lib/resource.js';
import { sla } from '../../lib/resources.js';
import { incidentPath } from '../../lib/router.js';
import { Badge } from '../../ui/badge.js';
import { Bars } from '../../ui/bars.js';
import { HeatMap } from '../../ui/heat-map.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';
import { Stat, Stats } from '../../ui/stat.js';
import { Regressions } from './regressions.js';
import { ThresholdTable } from './threshold-table.js';

/** Whether the promises are kept: now, over the day, and whether it gets worse. */
export function SlaPage() {
  const known = useResource(sla);
  return (
    <div class="page">
      <header>
        <div>
          <h1>SLA compliance</h1>
          <p>What was promised, what is measured, and where it is heading.</p>
        </div>
      </header>
      <KeyFigures data={known.data} />
      <Panel title="Thresholds, live" flush aside="last hour">
        <Loaded of={known} what="thresholds">
          {(data) => <ThresholdTable data={data} />}
        </Loaded>
      </Panel>
      <div class="grid">
        <Panel title="Breach heat map" class="span-8" aside="24 h, per 5 min">
          <Loaded of={known} what="heat map">
            {({ heatMap }) =>
              heatMap.rows.length === 0 ? (
                <Empty>No samples were judged yet.</Empty>
              ) : (
                <HeatMap map={heatMap} />
              )
            }
          </Loaded>
        </Panel>
        <Panel title="Violations per hour" class="span-4" aside="24 h">
          <Loaded of={known} what="trend">
            {({ trend, last24h }) => (
              <>
                <Bars
                  bars={trend}
                  label={`Violations opened per hour over the last 24 hours; ${total(last24h.bySeverity)} in all`}
                />
                <Severities counts={last24h.bySeverity} />
              </>
            )}
          </Loaded>
        </Panel>
        <Panel title="Open violations" class="span-6" flush>
          <Loaded of={known} what="violations">
            {(data) => <OpenViolations data={data} />}
          </Loaded>
        </Panel>
        <Panel
          title="Regression indicators"
          class="span-6"
          flush
          aside="last 15 min against before"
        >
          <Loaded of={known} what="regressions">
            {(data) => <Regressions data={data} />}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}

const total = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

function KeyFigures({ data }: { readonly data: Sla | undefined }) {
  const left = (data?.thresholds ?? []).flatMap(({ budget }) => budget?.remainingPercent ?? []);
  const worst = [...(data?.thresholds ?? [])]
    .filter(({ compliancePercent }) => compliancePercent !== null)
    .sort((a, b) => (a.compliancePercent ?? 0) - (b.compliancePercent ?? 0))[0];
  return (
    <Stats>
      <Stat
        label="Compliance"
        value={percent(data?.compliancePercent)}
        note="of samples, last hour"
      />
      <Stat
        label="Open violations"
        value={data?.active.length ?? '–'}
        note={data === undefined ? '' : `${total(data.last24h.bySeverity)} opened in 24 h`}
      />
      <Stat
        label="Lowest compliance"
        value={percent(worst?.compliancePercent)}
        note={worst === undefined ? '' : words(worst.name)}
      />
      <Stat
        label="Least error budget left"
        value={left.length === 0 ? '–' : percent(Math.min(...left))}
        note={left.length === 0 ? 'no budget is configured' : 'of its period'}
      />
    </Stats>
  );
}

function Severities({ counts }: { readonly counts: Readonly<Record<string, number>> }) {
  return (
    <p class="row">
      {['critical', 'major', 'minor'].map((severity) => (
        <span key={severity} class="row">
          <Badge state={severity} bare /> {counts[severity] ?? 0}
        </span>
      ))}
    </p>
  );
}

function OpenViolations({ data }: { readonly data: Sla }) {
  if (data.active.length === 0) {
    return (
      <Empty shape="check">No violation is open: every threshold holds, or has no samples.</Empty>
    );
  }
  return (
    <ul class="list">
      {data.active.map((one) => (
        <li key={one.fingerprint} class="row">
          <Badge state={one.severity} />
          <a href={incidentPath(`incident:${one.fingerprint}`)}>
            {scope(one)} · {words(one.threshold)}
          </a>
          <span class="muted">
            {quantity(one.value, one.unit)}, limit {quantity(one.limit, one.unit)}
          </span>
          <span class="end muted">{relative(one.startedAt, nowMs())}</span>
        </li>
      ))}
    </ul>
  );
}
