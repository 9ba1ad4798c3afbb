/**
 * Lets so many through at a time, and so many wait; others are turned away at once.
 *
 * What is let through must end by itself: a turn is given back when its work has settled.
 */
export class Turnstile {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  /** Runs the work when its turn comes; undefined, at once, when too many wait. */
  async pass<T>(work: () => Promise<T>): Promise<{ readonly result: T } | undefined> {
    if (this.#running >= this.maxRunning) {
      if (this.#waiting.length >= this.maxWaiting) return undefined;
      // The one that leaves hands its turn on, so nobody slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return { result: await work() };
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
