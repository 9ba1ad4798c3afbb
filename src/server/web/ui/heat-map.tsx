import { useSignal } from '@preact/signals';
import type { HeatRow, Sla } from '../lib/contract.js';
import { clock, percent, words } from '../lib/format.js';
import { colour } from '../lib/theme.js';
import { useCanvas } from './canvas.js';

const ROW = 22;
const LABEL = 190;
/** On a phone the name stands above its row's cells' left end, clipped: half of the width is the cells'. */
const NARROW_LABEL = 150;
const AXIS = 18;
const KINDS = [
  ['swatch-none', 'no samples'],
  ['swatch-0', 'none beyond the limit'],
  ['swatch-1', 'up to 20 %'],
  ['swatch-2', 'up to 80 %'],
  ['swatch-3', 'over 80 %'],
] as const;

/** Which colour a share of breaching samples has: 80 % is what makes a violation. */
function heatOf(cell: number | null): string {
  if (cell === null) return 'heat-none';
  if (cell === 0) return 'heat-0';
  return cell <= 0.2 ? 'heat-1' : cell <= 0.8 ? 'heat-2' : 'heat-3';
}

/**
 * Breaches per threshold over the last day, on one canvas: thousands of cells. The pointer or the arrow
 * keys choose a cell, which is read out below.
 */
export function HeatMap({ map }: { readonly map: Sla['heatMap'] }) {
  const { rows, bucketSeconds } = map;
  const chosen = useSignal<{ readonly row: number; readonly cell: number } | undefined>(undefined);
  const cells = rows[0]?.cells.length ?? 0;
  const fromMs =
    map.from === undefined ? Date.now() - cells * bucketSeconds * 1000 : Date.parse(map.from);
  const labelOf = (width: number) => (width < 620 ? NARROW_LABEL : LABEL);
  const at = chosen.value;
  const ref = useCanvas(
    (context, width) => {
      const label = labelOf(width);
      const size = (width - label) / Math.max(1, cells);
      const colours = new Map<string, string>();
      const of = (name: string) => {
        const known = colours.get(name) ?? colour(name);
        colours.set(name, known);
        return known;
      };
      context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
      context.textBaseline = 'middle';
      for (const [r, row] of rows.entries()) {
        context.fillStyle = of('ink-2');
        context.fillText(clipped(context, nameOf(row), label - 10), 0, r * ROW + ROW / 2);
        for (const [c, cell] of row.cells.entries()) {
          context.fillStyle = of(heatOf(cell));
          const x = Math.floor(label + c * size);
          context.fillRect(x, r * ROW + 2, Math.ceil(label + (c + 1) * size) - x, ROW - 4);
        }
      }
      context.fillStyle = of('ink-3');
      const hours = width < 620 ? 6 : 3;
      for (let c = 0; c < cells; c += 1) {
        const date = new Date(fromMs + c * bucketSeconds * 1000);
        if (date.getMinutes() !== 0 || date.getHours() % hours !== 0) continue;
        const x = label + c * size;
        context.fillRect(x, rows.length * ROW, 1, 4);
        const text = clock(date.getTime()).slice(0, 5);
        if (x + 3 + context.measureText(text).width > width) continue;
        context.fillText(text, x + 3, rows.length * ROW + 10);
      }
      if (at === undefined) return;
      context.strokeStyle = of('ink');
      context.lineWidth = 1.5;
      context.strokeRect(
        label + at.cell * size - 1,
        at.row * ROW + 1,
        Math.max(size, 3) + 2,
        ROW - 2,
      );
    },
    [map, at],
  );
  const choose = (event: PointerEvent) => {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const label = labelOf(canvas.clientWidth);
    const cell = Math.floor(((event.offsetX - label) / (canvas.clientWidth - label)) * cells);
    const row = Math.floor(event.offsetY / ROW);
    if (row in rows && cell >= 0 && cell < cells) chosen.value = { row, cell };
  };
  const move = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -cells],
      End: [0, cells],
    };
    const step = steps[event.key];
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const { row, cell } = chosen.value ?? { row: 0, cell: cells - 1 };
    const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
    chosen.value = {
      row: within(row + step[0], rows.length - 1),
      cell: within(cell + step[1], cells - 1),
    };
  };
  return (
    <div class="heat">
      <canvas
        ref={ref}
        tabIndex={0}
        role="img"
        aria-label={`Breaches over the last 24 hours. ${summaryOf(rows)} Arrow keys choose a cell.`}
        height={rows.length * ROW + AXIS}
        style={{ height: `${rows.length * ROW + AXIS}px` }}
        onPointerMove={choose}
        onPointerDown={choose}
        onPointerLeave={() => (chosen.value = undefined)}
        onKeyDown={move}
      />
      <p class="reading" aria-live="polite">
        {at === undefined ? (
          <span class="legend">
            {KINDS.map(([swatch, text]) => (
              <span key={swatch}>
                <i class={swatch} />
                {text}
              </span>
            ))}
          </span>
        ) : (
          readingOf(rows[at.row], at.cell, fromMs, bucketSeconds)
        )}
      </p>
    </div>
  );
}

function nameOf(row: HeatRow): string {
  return `${row.service === undefined ? '' : `${row.service} · `}${words(row.threshold ?? row.metric)}`;
}

function readingOf(row: HeatRow | undefined, cell: number, fromMs: number, bucketSeconds: number) {
  if (row === undefined) return '';
  const startMs = fromMs + cell * bucketSeconds * 1000;
  const share = row.cells[cell] ?? null;
  const what =
    share === null ? 'no samples' : `${percent(share * 100)} of samples beyond the limit`;
  const until = clock(startMs + bucketSeconds * 1000).slice(0, 5);
  return `${nameOf(row)}, ${clock(startMs).slice(0, 5)} to ${until}: ${what}`;
}

/** What a reader hears first: the rows with breaches. */
function summaryOf(rows: readonly HeatRow[]): string {
  const bad = rows.filter(({ cells }) => cells.some((cell) => (cell ?? 0) > 0));
  return bad.length === 0 ? 'No breaches.' : `Breaches of ${bad.map(nameOf).join(', ')}.`;
}

function clipped(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
