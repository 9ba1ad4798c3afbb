import { clock } from '../lib/format.js';

const HEIGHT = 132;
/** About the width that it is shown in, so that its text is shown as large as it is set. */
const WIDTH = 350;
const BASE = HEIGHT - 18;
const TOP = 16;

/** Counts per hour as bars, each with its number where it is not 0. */
export function Bars(props: {
  readonly bars: readonly { readonly at: string; readonly count: number }[];
  readonly label: string;
}) {
  const { bars } = props;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const step = WIDTH / Math.max(1, bars.length);
  return (
    <svg class="bars" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={props.label}>
      {bars.map(({ at, count }, i) => {
        const height = count === 0 ? 2 : Math.max(4, ((BASE - TOP) * count) / most);
        const x = i * step;
        return (
          <g key={at}>
            <rect
              class={count === 0 ? 'none' : ''}
              x={x + 2}
              y={BASE - height}
              width={step - 4}
              height={height}
              rx="1.5"
            />
            {count === 0 ? null : (
              <text x={x + step / 2} y={BASE - height - 4} text-anchor="middle">
                {count}
              </text>
            )}
            {i % 6 === 0 ? (
              <text x={x + 2} y={HEIGHT - 4}>
                {clock(at).slice(0, 5)}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}
