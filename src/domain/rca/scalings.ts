import type { ChangeEvent } from '../ports.js';

/** Numbers of replicas in the words of a scaling, as in `3 to 2`. */
const FROM_TO = /(\d+)\D{1,20}?(\d+)/;

/**
 * The newest scaling when all of them together took capacity away, undefined otherwise.
 *
 * `changes` are newest first. A service that was scaled out and back again has what it had. Where the words
 * have no numbers, the newest one's word decides.
 */
export function scaledIn(changes: readonly ChangeEvent[]): ChangeEvent | undefined {
  const scalings = changes.filter(({ kind }) => kind === 'scale');
  const newest = scalings[0];
  const to = Number(FROM_TO.exec(newest?.summary ?? '')?.[2]);
  const from = Number(FROM_TO.exec(scalings.at(-1)?.summary ?? '')?.[1]);
  if (!newest) return undefined;
  const isFewer = Number.isFinite(to - from)
    ? to < from
    : /\b(down|fewer|reduc\w*|remov\w*)\b/i.test(newest.summary);
  return isFewer ? newest : undefined;
}
