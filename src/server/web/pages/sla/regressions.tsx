import type { Sla, SlaThreshold } from '../../lib/contract.js';
import { quantity, scope, words } from '../../lib/format.js';
import { incidentPath } from '../../lib/router.js';
import { Badge } from '../../ui/badge.js';
import { Icon } from '../../ui/icon.js';
import { Empty } from '../../ui/panel.js';

/** Changes below this are noise to the eye; a regression proper is tested by the detector. */
const SHOWN_PERCENT = 10;

/** What got worse: regressions that the detector found, then every SLI's change. */
export function Regressions({ data }: { readonly data: Sla }) {
  const found = data.active.filter((one) => one.violationType === 'performance_regression');
  const changed = data.thresholds
    .filter(({ worsePercent }) => worsePercent !== null)
    .sort((a, b) => (b.worsePercent ?? 0) - (a.worsePercent ?? 0));
  if (found.length === 0 && changed.length === 0) {
    return <Empty>There is no baseline yet: it takes 18 minutes of samples.</Empty>;
  }
  return (
    <ul class="list">
      {found.map((one) => (
        <li key={one.fingerprint} class="row">
          <Badge shown={{ word: 'regression', shape: 'up', tone: 'bad' }} />
          <a href={incidentPath(`incident:${one.fingerprint}`)}>
            {scope(one)} · {words(one.metric)}
          </a>
          <span class="end muted">
            {quantity(one.value, one.unit)}, was within {quantity(one.limit, one.unit)}
          </span>
        </li>
      ))}
      {changed.map((row) => (
        <li key={`${row.service}:${row.name}`} class="row">
          <span>{words(row.name)}</span>
          <span class="muted">{scope(row)}</span>
          <Change row={row} />
        </li>
      ))}
    </ul>
  );
}

function Change({ row }: { readonly row: SlaThreshold }) {
  const worse = row.worsePercent ?? 0;
  const size =
    Math.abs(worse) >= 1000
      ? `${(Math.abs(worse) / 100).toFixed(0)} ×`
      : `${Math.abs(worse).toFixed(0)} %`;
  if (Math.abs(worse) < SHOWN_PERCENT) return <span class="end muted">as before</span>;
  return (
    <span class={`end row tone-${worse > 0 ? 'warn' : 'good'}`}>
      <Icon shape={worse > 0 === (row.direction === 'upper') ? 'up' : 'down'} />
      {size} {worse > 0 ? 'worse' : 'better'}
    </span>
  );
}
