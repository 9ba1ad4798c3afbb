import { colour } from '../lib/theme.js';
import { useCanvas } from './canvas.js';

/** A small line of values, evenly spaced or at `times`, with its limit dashed. A picture: the number beside it says it. */
export function Spark(props: {
  readonly values: readonly (number | null)[];
  readonly times?: readonly number[];
  readonly limit: number | null;
  readonly isBad?: boolean;
}) {
  const { values, times, limit } = props;
  const ref = useCanvas(
    (context, width, height) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return;
      let low = Math.min(...known);
      let high = Math.max(...known);
      // A limit far away would press the line flat: it is drawn where it says something.
      const room = high - low || Math.abs(high) || 1;
      const showsLimit = limit !== null && limit > low - 2 * room && limit < high + 2 * room;
      if (showsLimit) {
        low = Math.min(low, limit);
        high = Math.max(high, limit);
      }
      const span = high - low || 1;
      const y = (value: number) => height - 3 - ((value - low) / span) * (height - 6);
      const firstMs = times?.[0] ?? 0;
      const lengthMs = (times?.at(-1) ?? 0) - firstMs || 1;
      const x = (i: number) =>
        times === undefined
          ? 1 + (i / Math.max(1, values.length - 1)) * (width - 4)
          : 1 + (((times[i] ?? firstMs) - firstMs) / lengthMs) * (width - 4);
      if (showsLimit) {
        context.strokeStyle = colour('bad');
        context.globalAlpha = 0.7;
        context.setLineDash([3, 3]);
        context.beginPath();
        context.moveTo(0, Math.round(y(limit)) + 0.5);
        context.lineTo(width, Math.round(y(limit)) + 0.5);
        context.stroke();
        context.setLineDash([]);
        context.globalAlpha = 1;
      }
      context.strokeStyle = colour(props.isBad === true ? 'bad' : 'series-1');
      context.lineWidth = 1.5;
      context.lineJoin = 'round';
      context.beginPath();
      let isDown = false;
      let last: [number, number] | undefined;
      for (const [i, value] of values.entries()) {
        if (value === null) {
          isDown = false;
          continue;
        }
        const at: [number, number] = [x(i), y(value)];
        if (isDown) context.lineTo(...at);
        else context.moveTo(...at);
        isDown = true;
        last = at;
      }
      context.stroke();
      if (last === undefined) return;
      context.fillStyle = context.strokeStyle;
      context.beginPath();
      context.arc(last[0], last[1], 2, 0, 7);
      context.fill();
    },
    [values, limit, props.isBad],
  );
  return <canvas class="spark" ref={ref} aria-hidden="true" />;
}
