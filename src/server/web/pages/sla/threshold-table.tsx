import type { Sla, SlaThreshold } from '../../lib/contract.js';
import { duration, percent, quantity, scope, words } from '../../lib/format.js';
import { Badge } from '../../ui/badge.js';
import { shownState, type Shown } from '../../ui/state.js';
import { Spark } from '../../ui/spark.js';

/** Every threshold with its value of now, the last hour, compliance, budget and forecast. */
export function ThresholdTable({ data }: { readonly data: Sla }) {
  const rows = [...data.thresholds].sort((a, b) => rank(b, data) - rank(a, data));
  const hasBudget = rows.some(({ budget }) => budget != null);
  const hasForecast = rows.some(({ forecast }) => forecast != null);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Thresholds">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Threshold</th>
            <th scope="col">State</th>
            <th scope="col" class="num">
              Now
            </th>
            <th scope="col" class="num">
              Limit
            </th>
            <th scope="col">Last hour</th>
            <th scope="col" class="num">
              Compliance
            </th>
            {hasBudget ? <th scope="col">Error budget</th> : null}
            {hasForecast ? <th scope="col">Forecast</th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const state = stateOf(row, data);
            return (
              <tr key={`${row.service}:${row.name}`}>
                <td class="nowrap">
                  {words(row.name)}
                  <span class="sub">{scope(row)}</span>
                </td>
                <td>
                  <Badge shown={state} bare />
                </td>
                <td class="num" data-label="now">
                  <strong class={state.tone === 'bad' ? 'tone-bad' : ''}>
                    {quantity(row.value, row.unit)}
                  </strong>
                </td>
                <td class="num muted" data-label="limit">
                  {row.direction === 'upper' ? '≤ ' : '≥ '}
                  {quantity(row.limit, row.unit)}
                </td>
                <td class="whole">
                  {row.recent === null ? (
                    <span class="muted">{row.coverage?.text ?? 'no samples'}</span>
                  ) : (
                    <Spark
                      values={row.recent.values}
                      limit={row.limit}
                      isBad={state.tone === 'bad' || state.tone === 'warn'}
                    />
                  )}
                </td>
                <td class="num" data-label="compliance">
                  {percent(row.compliancePercent)}
                </td>
                {hasBudget ? (
                  <td class="whole">
                    <Budget of={row} />
                  </td>
                ) : null}
                {hasForecast ? (
                  <td class="whole">
                    <Forecast of={row} state={state} />
                  </td>
                ) : null}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function isBeyond({ value, limit, direction }: SlaThreshold): boolean {
  if (value === null) return false;
  return direction === 'upper' ? value > limit : value < limit;
}

function stateOf(row: SlaThreshold, data: Sla): Shown {
  const open = data.active.find((one) => one.service === row.service && one.threshold === row.name);
  if (open !== undefined)
    return { ...shownState(open.severity), word: `violated, ${open.severity}` };
  if (row.value === null) return { word: 'no data', shape: 'dash', tone: 'quiet' };
  if (isBeyond(row)) return { word: 'beyond limit', shape: 'triangle', tone: 'warn' };
  return { word: 'met', shape: 'check', tone: 'good' };
}

function rank(row: SlaThreshold, data: Sla): number {
  const { tone } = stateOf(row, data);
  return ['quiet', 'good', 'warn', 'bad'].indexOf(tone);
}

function Budget({ of: { budget } }: { readonly of: SlaThreshold }) {
  if (budget == null || budget.remainingPercent === null) return <span class="muted">–</span>;
  const left = Math.max(0, Math.min(100, budget.remainingPercent));
  const burn = budget.burnRates?.[0];
  return (
    <div class="budget">
      <span>{percent(budget.remainingPercent)} left</span>
      <div class="meter" aria-hidden="true">
        <svg viewBox="0 0 100 6" preserveAspectRatio="none">
          <rect
            width={left}
            height="6"
            fill={`var(--${left < 10 ? 'bad' : left < 40 ? 'warn' : 'good'})`}
          />
        </svg>
      </div>
      {burn === undefined ? null : (
        <span class="muted nowrap">
          burns {burn.rate.toFixed(1)} × over {burn.window}
        </span>
      )}
    </div>
  );
}

function Forecast(props: { readonly of: SlaThreshold; readonly state: Shown }) {
  const { forecast } = props.of;
  // What is beyond its limit already has nothing to be foretold of.
  if (props.state.tone !== 'good') return <span class="muted">–</span>;
  if (forecast?.breachInSeconds == null) return <span class="muted">steady</span>;
  return <span class="tone-warn">breach in {duration(forecast.breachInSeconds)}</span>;
}
