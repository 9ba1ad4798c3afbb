import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often to look. */
export interface WaitBounds {
  readonly signal: AbortSignal;
  readonly withinMs: number;
}

/** How often it looks: an engine drains and starts in seconds. */
const LOOK_EVERY_MS = 200;

/**
 * Looks until there is something, and returns it; undefined when there was nothing within the bound.
 * Looks at least once. Rejects with the signal's reason when it aborts, and with what a look rejects.
 */
export async function waitUntil<T>(
  look: () => Promise<T | undefined>,
  { signal, withinMs }: WaitBounds,
): Promise<T | undefined> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() >= untilMs) return undefined;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
