import type { SignalChange } from './signal-change.js';

/** A number in at most three significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `4.1x` for a clear factor, `from 0 to 5` where there is none. */
export function howMuch(change: Pick<SignalChange, 'before' | 'after'>): string {
  const factor = change.after / change.before;
  if (Number.isFinite(factor) && factor >= 1.1) return `${factor.toFixed(1)}x`;
  return `from ${shortNumber(change.before)} to ${shortNumber(change.after)}`;
}

/** `engine-2: kv_cache_usage_perc rose 1.9x`. */
export function describeChange(change: SignalChange): string {
  const verb = change.after > change.before ? 'rose' : 'fell';
  return `${change.replica ?? change.service}: ${change.metric} ${verb} ${howMuch(change)}`;
}

/** `3 days`, `5 h` or `12 min`, for people. */
export function howLong(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** `12:03:10` in UTC. */
export function clockTime(atMs: number): string {
  const seconds = Math.floor(atMs / 1000) % 86_400;
  const part = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3600)}:${part((seconds / 60) % 60)}:${part(seconds % 60)}`;
}
