import type uPlot from 'uplot';
import { colour } from '../lib/theme.js';
import { stageTone } from './state.js';

const TONES = {
  good: 'good',
  warn: 'warn',
  bad: 'bad',
  ask: 'ask',
  info: 'accent',
  quiet: 'ink-3',
};

/** Draws what was done and learnt as numbered lines behind the series; the numbers are the list's below. */
export function drawMarks(
  u: uPlot,
  marks: readonly { readonly at: string; readonly stage: string }[],
): void {
  const { ctx, bbox } = u;
  const ratio = window.devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${10 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'center';
  let lastX = -Infinity;
  let row = 0;
  for (const [i, { at, stage }] of marks.entries()) {
    const x = Math.round(u.valToPos(Date.parse(at) / 1000, 'x', true));
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    // Marks that are close get their numbers below each other.
    row = x - lastX < 16 * ratio ? row + 1 : 0;
    lastX = x;
    const ink = colour(TONES[stageTone(stage)]);
    ctx.strokeStyle = ink;
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    const y = bbox.top + (9 + row * 16) * ratio;
    ctx.fillStyle = ink;
    ctx.beginPath();
    ctx.arc(x, y, 7.5 * ratio, 0, 7);
    ctx.fill();
    ctx.fillStyle = colour('surface');
    ctx.fillText(String(i + 1), x, y + 0.5 * ratio);
  }
  ctx.restore();
}

/** Draws the limit as a dashed line with its word. */
export function drawLimit(u: uPlot, limit: number | null): void {
  if (limit === null) return;
  const { ctx, bbox } = u;
  const ratio = window.devicePixelRatio;
  const y = Math.round(u.valToPos(limit, 'y', true));
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colour('bad');
  ctx.setLineDash([5 * ratio, 4 * ratio]);
  ctx.lineWidth = 1.2 * ratio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `600 ${10.5 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.fillStyle = colour('bad');
  ctx.textAlign = 'left';
  ctx.fillText('limit', bbox.left + 4 * ratio, y - 5 * ratio);
  ctx.restore();
}
