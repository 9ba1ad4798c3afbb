import type { ChangeEvent, ReleaseInfo } from '../../domain/ports.js';

interface Seen {
  readonly id: string;
  /** When it was first in service, as far as is known; -Infinity: before anything was recorded. */
  readonly firstMs: number;
  /** Breaks ties: a change is told as from one release to another. */
  readonly position: number;
  readonly lastMs: number;
}

/** Whether a text names a release, and not just one whose name begins so; -1 when it does not. */
function mention(text: string, id: string): number {
  const literal = id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.search(new RegExp(`(?<![\\w.-])${literal}(?![\\w-]|\\.\\w)`));
}

function seen({ id, activatedAtMs }: ReleaseInfo, changes: readonly ChangeEvent[]): Seen[] {
  const told = changes
    .filter(({ kind }) => kind === 'release')
    .map(({ atMs, summary }) => ({ atMs, position: mention(summary, id) }))
    .filter(({ position }) => position >= 0)
    .sort((a, b) => a.atMs - b.atMs);
  const [first] = told;
  if (activatedAtMs === undefined) {
    // Known but never in service, unless a change tells of it: then it ran before there were records.
    return first === undefined
      ? []
      : [{ id, firstMs: -Infinity, position: first.position, lastMs: first.atMs }];
  }
  const firstMs = Math.min(activatedAtMs, first?.atMs ?? Infinity);
  return [{ id, firstMs, position: first?.position ?? 0, lastMs: activatedAtMs }];
}

/**
 * The release to go back to: among those that were in service before the active one came first, the
 * one activated last. Undefined when there is none.
 *
 * Judged by the first time, since a supervisor may tell the last: after a rollback the release that
 * was left is the more recent one, and going "back" to it would undo the cure.
 */
export function releaseBefore(
  active: string,
  known: readonly ReleaseInfo[],
  changes: readonly ChangeEvent[],
): string | undefined {
  const all = known.flatMap((release) => seen(release, changes));
  const current = all.find(({ id }) => id === active);
  if (current === undefined) return undefined;
  const isEarlier = (one: Seen) =>
    one.firstMs < current.firstMs ||
    (one.firstMs === current.firstMs && one.position < current.position);
  const earlier = all.filter((one) => one.id !== active && isEarlier(one));
  return earlier.sort((a, b) => a.lastMs - b.lastMs).at(-1)?.id;
}
