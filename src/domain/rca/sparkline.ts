import { clockTime, shortNumber } from './describe-change.js';
import type { PicturedSeries } from './report.js';

const WIDTH = 240;
const HEIGHT = 48;
const MARK_COLOURS = { step: '#173', change: '#b60' } as const;

/** Something that was done, to be marked in a picture. */
export interface PictureMark {
  readonly atMs: number;
  /** What recovery did is drawn in another colour than what people changed. */
  readonly kind: 'step' | 'change';
  readonly text: string;
}

/**
 * A series as an inline SVG picture, 240 × 48, with the onset as a dashed vertical line and a triangle, with
 * its words as a title, for each mark; readable in print, and by screen readers through its title. Empty
 * for fewer than two points.
 */
export function sparkline(
  series: PicturedSeries,
  onsetMs: number,
  marks: readonly PictureMark[] = [],
): string {
  const { timesMs, values, label } = series;
  if (values.length < 2) return '';
  const firstMs = timesMs[0]!;
  const spanMs = timesMs.at(-1)! - firstMs || 1;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (atMs: number): string => (((atMs - firstMs) / spanMs) * WIDTH).toFixed(1);
  const y = (value: number): string =>
    (HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4)).toFixed(1);
  const points = values.map((value, i) => `${x(timesMs[i]!)},${y(value)}`).join(' ');
  const title = escapeXml(
    `${label}, ${shortNumber(low)} to ${shortNumber(high)}, onset at ${clockTime(onsetMs)}`,
  );
  const isInside = (atMs: number): boolean => atMs >= firstMs && atMs <= firstMs + spanMs;
  const onset = isInside(onsetMs)
    ? `<line x1="${x(onsetMs)}" y1="0" x2="${x(onsetMs)}" y2="${HEIGHT}" stroke="#c00" stroke-dasharray="3 2"/>`
    : '';
  const drawn = marks
    .filter(({ atMs }) => isInside(atMs))
    .map(({ atMs, kind, text }) => {
      const at = Number(x(atMs));
      const corners = `${at - 3},${HEIGHT} ${at + 3},${HEIGHT} ${at},${HEIGHT - 6}`;
      const words = escapeXml(`${clockTime(atMs)} ${text}`);
      return `<polygon points="${corners}" fill="${MARK_COLOURS[kind]}"><title>${words}</title></polygon>`;
    });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">` +
    `<title>${title}</title>${onset}${drawn.join('')}` +
    `<polyline points="${points}" fill="none" stroke="#356" stroke-width="1.5"/></svg>`
  );
}

/** Text for XML content and attributes. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
