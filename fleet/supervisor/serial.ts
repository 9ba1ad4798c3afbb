/**
 * Runs what it is given one after another. Compare-and-set needs it: between the comparison
 * and the effect nothing else may happen to the same thing.
 */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `task` after all earlier ones have settled, and settles as it does. */
  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(task, task);
    this.last = result.catch(() => undefined);
    return result;
  }
}
