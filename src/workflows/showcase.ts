import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';

/**
 * What Temporal's UI shows of a workflow: its search attributes and details. What changes in one go is
 * written once, and nothing is written again that is there already: each write is an event, and work
 * for the visibility store.
 */
export class Showcase {
  private readonly there = new Map<string, unknown>();
  private pending = new Map<string, SearchAttributePair>();
  private describe: (() => string) | undefined;
  private isDue = false;
  private isHeld: boolean;

  /** Held, it writes nothing until `letGo`. */
  constructor({ isHeld = false } = {}) {
    const there = workflowInfo().typedSearchAttributes.getAll();
    for (const { key, value } of there) this.there.set(key.name, value);
    this.isHeld = isHeld;
  }

  set(pairs: readonly SearchAttributePair[]): void {
    for (const pair of pairs) {
      const { key, value } = pair;
      if (this.there.get(key.name) === value) continue;
      this.there.set(key.name, value);
      this.pending.set(key.name, pair);
    }
    if (this.pending.size > 0) this.schedule();
  }

  /** The details, in Markdown, are only made when they are written. */
  tell(describe: () => string): void {
    this.describe = describe;
    this.schedule();
  }

  letGo(): void {
    this.isHeld = false;
    this.schedule();
  }

  private schedule(): void {
    if (this.isDue || this.isHeld) return;
    this.isDue = true;
    // After what runs now, and before the workflow task ends.
    void Promise.resolve().then(() => this.write());
  }

  private write(): void {
    this.isDue = false;
    const pairs = [...this.pending.values()];
    this.pending = new Map();
    if (pairs.length > 0) upsertSearchAttributes(pairs);
    if (this.describe !== undefined) setCurrentDetails(this.describe());
    this.describe = undefined;
  }
}
