/** Signatures of the last minutes: a copy of a signed request is no second one. */
export class SeenSignatures {
  readonly #seenAtMs = new Map<string, number>();

  /** `windowMs`: how far a signed time may be from ours, to either side. */
  constructor(
    private readonly nowMs: () => number,
    private readonly windowMs: number,
  ) {}

  /** Whether it is the first time that this one is seen; from then on it is not. */
  isNew(signature: string): boolean {
    const nowMs = this.nowMs();
    for (const [known, atMs] of this.#seenAtMs) {
      if (nowMs - atMs <= 2 * this.windowMs) break;
      this.#seenAtMs.delete(known);
    }
    if (this.#seenAtMs.has(signature)) return false;
    this.#seenAtMs.set(signature, nowMs);
    return true;
  }
}
