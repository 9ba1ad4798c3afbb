/** How often a caller may call: on average, and at once after a rest. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Callers remembered; more push out the one that was quiet the longest, which starts afresh. */
const MAX_CALLERS = 10_000;

/** A bucket of `burst` calls for each caller, refilled with `perSecond` (token bucket). */
export class RateLimiter {
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(
    private readonly limit: RateLimit,
    private readonly nowMs: () => number,
  ) {}

  /** Takes one call; milliseconds until the next is possible, or 0 where this one is. */
  take(caller: string): number {
    const { perSecond, burst } = this.limit;
    const nowMs = this.nowMs();
    const known = this.#buckets.get(caller) ?? { left: burst, atMs: nowMs };
    // A clock that was set back must not take calls away.
    const restedMs = Math.max(0, nowMs - known.atMs);
    const left = Math.min(burst, known.left + (restedMs / 1000) * perSecond);
    // Anew at the end: the map’s order is that of the last call.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
    if (this.#buckets.size > MAX_CALLERS) {
      for (const quietest of this.#buckets.keys()) {
        this.#buckets.delete(quietest);
        break;
      }
    }
    return left >= 1 ? 0 : Math.ceil(((1 - left) / perSecond) * 1000);
  }
}
