import { setTimeout as sleep } from 'node:timers/promises';

/** How to wait. */
interface Wait {
  /** What is waited for, in words: the error's. */
  readonly what: string;
  readonly withinMs: number;
  readonly everyMs?: number;
  /** More for the error: what has happened until then. */
  readonly context?: () => string;
}

/**
 * Reads until `accept` is content with the value, and returns that value. A read that throws counts
 * as not yet: a part may be on its way up.
 *
 * @throws Error with the last value or error when the time is over.
 */
export async function eventually<T>(
  read: () => T | Promise<T>,
  accept: (value: T) => boolean,
  { what, withinMs, everyMs = 150, context }: Wait,
): Promise<T> {
  const untilMs = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await read();
      if (accept(value)) return value;
      last = JSON.stringify(value);
    } catch (error) {
      last = error;
    }
    if (Date.now() > untilMs) {
      const more = context === undefined ? '' : `\n${context()}`;
      throw new Error(`${what}: not within ${withinMs / 1000} s; last: ${String(last)}${more}`);
    }
    await sleep(everyMs);
  }
}
