import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { IncidentSeries, Series } from '../lib/contract.js';
import { number } from '../lib/format.js';
import { colour, isDark } from '../lib/theme.js';
import { drawLimit, drawMarks } from './chart-marks.js';

const COLOURS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'];
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const HEIGHT = 240;

/** How a line of a chart looks: colour and dash, so that colour says nothing alone. */
export function lineStyle(index: number): {
  readonly colour: string;
  readonly dash: readonly number[];
} {
  return {
    colour: COLOURS[index % COLOURS.length] ?? 'series-1',
    dash: DASHES[index % DASHES.length] ?? [],
  };
}

/** One metric of several replicas over time, with its limit, and what was done to it. */
export function TimeChart(props: {
  readonly series: readonly Series[];
  readonly marks: IncidentSeries['marks'];
  readonly label: string;
  readonly onRead?: (atMs: number | undefined, values: readonly (number | null)[]) => void;
}) {
  const { series, marks, onRead } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ marks, limit: series[0]?.limit ?? null, onRead });
  latest.current = { marks, limit: series[0]?.limit ?? null, onRead };
  const names = series.map(({ replica }) => replica ?? '').join();
  const dark = isDark.value;
  useEffect(() => {
    const box = place.current;
    if (box === null) return undefined;
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {
      font,
      stroke: colour('ink-3'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line'), width: 1, size: 4 },
    };
    const made = new uPlot(
      {
        width: box.clientWidth || 600,
        height: HEIGHT,
        legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        axes: [
          { ...axis, values: '{HH}:{mm}:{ss}', space: 80, size: 30 },
          { ...axis, size: 58, values: (_, splits) => splits.map((value) => number(value)) },
        ],
        scales: {
          y: {
            range: (_, low, high) => {
              const { limit } = latest.current;
              const top = Math.max(high, limit ?? high);
              const bottom = Math.min(low, 0);
              return [bottom, top + (top - bottom || 1) * 0.08];
            },
          },
        },
        series: [
          {},
          ...series.map(({ replica }, i) => {
            const { colour: name, dash } = lineStyle(i);
            return {
              label: replica ?? 'service',
              stroke: colour(name),
              width: 1.6,
              dash: [...dash],
              spanGaps: true,
              points: { show: false },
            };
          }),
        ],
        hooks: {
          drawClear: [(u) => drawMarks(u, latest.current.marks)],
          draw: [(u) => drawLimit(u, latest.current.limit)],
          setCursor: [
            (u) => {
              const at = u.cursor.idx;
              const { onRead: tell } = latest.current;
              if (at == null) tell?.(undefined, []);
              else {
                const [times, ...rows] = u.data;
                tell?.(
                  (times[at] ?? 0) * 1000,
                  rows.map((row) => row[at] ?? null),
                );
              }
            },
          ],
        },
      },
      aligned(series),
      box,
    );
    plot.current = made;
    const sized = new ResizeObserver(() => {
      if (box.clientWidth > 0) made.setSize({ width: box.clientWidth, height: HEIGHT });
    });
    sized.observe(box);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [names, dark]);
  useEffect(() => {
    plot.current?.setData(aligned(series));
  }, [series, marks]);
  return <div class="chart" ref={place} role="img" aria-label={props.label} />;
}

/** Puts series on one axis of time; an instant without a sample is a gap that the line spans. */
function aligned(series: readonly Series[]): uPlot.AlignedData {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([ms]) => ms)))].sort(
    (a, b) => a - b,
  );
  const places = new Map(times.map((ms, i) => [ms, i]));
  const rows = series.map(({ points }) => {
    const row: (number | null)[] = Array.from({ length: times.length }, () => null);
    for (const [ms, value] of points) row[places.get(ms) ?? 0] = value;
    return row;
  });
  return [times.map((ms) => ms / 1000), ...rows];
}
