/**
 * Calls that carry several asks: an ask goes at once while fewer than `maxCalls` are under way, and else
 * with all that wait as soon as one of them is back. `call` answers each in its place.
 */
export class Batch<Ask, Answer> {
  #calls = 0;
  #waiting: {
    readonly ask: Ask;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  constructor(
    private readonly maxCalls: number,
    private readonly call: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  ) {}

  /** Rejects with the error of the call that it went with. */
  ask(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject });
      void this.#go();
    });
  }

  async #go(): Promise<void> {
    if (this.#calls >= this.maxCalls || this.#waiting.length === 0) return;
    const all = this.#waiting;
    this.#waiting = [];
    this.#calls += 1;
    try {
      const answers = await this.call(all.map(({ ask }) => ask));
      for (const [index, { resolve, reject }] of all.entries()) {
        if (index < answers.length) resolve(answers[index] as Answer);
        else reject(new Error(`${answers.length} answers to ${all.length} asks`));
      }
    } catch (error) {
      for (const { reject } of all) reject(error);
    } finally {
      this.#calls -= 1;
      void this.#go();
    }
  }
}
