/** Something that a test holds up, until it is opened. */
export class Gate {
  isReached = false;
  open: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.open = resolve));

  pass(): Promise<void> {
    this.note();
    return this.opened;
  }

  /** Reached, and not held up. */
  note(): void {
    this.isReached = true;
  }
}
