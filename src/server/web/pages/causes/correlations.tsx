import type { Related, Report } from '../../lib/rca-contract.js';
import { words } from '../../lib/format.js';
import { Badge } from '../../ui/badge.js';
import { Empty } from '../../ui/panel.js';
import type { Shown } from '../../ui/state.js';

const SHOWN = 25;
const WIDTH = 180;
const HEIGHT = 18;

const ROLES: Readonly<Record<string, Shown>> = {
  leading: { word: 'leads', shape: 'up', tone: 'info' },
  simultaneous: { word: 'at once', shape: 'ring', tone: 'info' },
  consequence: { word: 'follows', shape: 'down', tone: 'quiet' },
  improvement: { word: 'got better', shape: 'check', tone: 'quiet' },
};
const LEVELS: Readonly<Record<string, Shown>> = {
  'very-high': { word: 'very high', shape: 'check', tone: 'good' },
  very_high: { word: 'very high', shape: 'check', tone: 'good' },
  high: { word: 'high', shape: 'check', tone: 'good' },
  medium: { word: 'medium', shape: 'ring', tone: 'warn' },
  low: { word: 'low', shape: 'dash', tone: 'quiet' },
};

/** Series that move with the violated one: how strongly, how much earlier or later, how surely. */
export function Correlations({ report }: { readonly report: Report }) {
  const related = report.related.slice(0, SHOWN);
  if (related.length === 0) {
    return <Empty>No series moves with the violated one beyond chance.</Empty>;
  }
  const mostMs = Math.max(5_000, ...related.map(({ lagMs }) => Math.abs(lagMs)));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Correlations">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Role</th>
            <th scope="col" class="num">
              r
            </th>
            <th scope="col">Lag, ± {(mostMs / 1000).toFixed(0)} s</th>
            <th scope="col">Confidence</th>
          </tr>
        </thead>
        <tbody>
          {related.map((one) => (
            <tr key={`${one.replica ?? ''}/${one.metric}`}>
              <td class="wrap">
                {words(one.metric)}
                <span class="sub">{one.replica ?? one.service}</span>
              </td>
              <td>
                <Badge
                  shown={ROLES[one.role] ?? { word: one.role, shape: 'dash', tone: 'quiet' }}
                  bare
                />
              </td>
              <td class="num" data-label="r">
                {one.correlation.toFixed(2)}
              </td>
              <td class="whole">
                <Lag one={one} mostMs={mostMs} />
              </td>
              <td title={`false discovery rate ${one.falseDiscoveryRate.toPrecision(2)}`}>
                <Badge
                  shown={
                    LEVELS[one.confidence] ?? {
                      word: words(one.confidence),
                      shape: 'dash',
                      tone: 'quiet',
                    }
                  }
                  bare
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Where a series is against the violated one at 0, with a dot as large as the correlation is strong. */
function Lag({ one, mostMs }: { readonly one: Related; readonly mostMs: number }) {
  const middle = WIDTH / 2;
  const x = middle - (one.lagMs / mostMs) * (middle - 50);
  const seconds = Math.abs(one.lagMs) / 1000;
  const text =
    one.lagMs === 0
      ? '0'
      : `${one.lagMs > 0 ? '−' : '+'}${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const label =
    one.lagMs === 0 ? 'at once' : `${seconds.toFixed(1)} s ${one.lagMs > 0 ? 'earlier' : 'later'}`;
  return (
    <svg class="lags lag" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <line class="grid-line" x1="0" y1="9" x2={WIDTH} y2="9" />
      <line class="axis" x1={middle} y1="2" x2={middle} y2="16" />
      <circle
        class={one.lagMs >= 0 ? 'strong' : 'after'}
        cx={x}
        cy="9"
        r={2 + 3.5 * Math.abs(one.correlation)}
      />
      <text
        x={one.lagMs >= 0 ? x - 8 : x + 8}
        y="12.5"
        text-anchor={one.lagMs >= 0 ? 'end' : 'start'}
      >
        {text}
      </text>
    </svg>
  );
}
