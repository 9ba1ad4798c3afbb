import { setHandler } from '@temporalio/workflow';
import { inheritUpdate, owedQuery, type Inheritance } from './inherit-messages.js';
import type { OwedUndo } from './messages.js';
import { undo, type UndoResult } from './rollback.js';

/**
 * What a workflow owes, oldest first. Who undoes what it changed before one of these hands its own undo
 * on to that one. Its handlers are registered when it is made: make it before the first await.
 */
export class OwedUndos {
  readonly list: OwedUndo[] = [];
  private readonly underWay = new Set<OwedUndo>();

  constructor(
    private readonly parts: {
      /** Tells the story of what was inherited. */
      readonly tell: (stage: string, text: string) => void;
      /** What others owe that may be this workflow's in a moment: seen, but not to be inherited here. */
      readonly alsoSeen?: () => readonly OwedUndo[];
    },
  ) {
    const seen = () => new Set([...this.list, ...(parts.alsoSeen?.() ?? [])]);
    setHandler(owedQuery, () => [...seen()], { description: 'Undos that it owes' });
    setHandler(inheritUpdate, (given) => this.inherit(given), {
      description: 'An earlier change’s undo, by whoever made that: {was, becomes, from}',
    });
  }

  /** Undoes one; the caller says what becomes of it. Never throws. */
  undo(owed: OwedUndo, operationId: string): Promise<UndoResult> {
    return this.during(owed, () => undo(owed, operationId));
  }

  /**
   * Runs what undoes one: until then nothing else is to be undone with it. Returns that very promise, as
   * one around it would be a moment later, and histories of before there was this be replayed in another order.
   */
  during<T>(owed: OwedUndo, run: () => Promise<T>): Promise<T> {
    this.underWay.add(owed);
    const running = run();
    const end = () => void this.underWay.delete(owed);
    running.then(end, end);
    return running;
  }

  /** What is owed no longer. */
  forget(owed: OwedUndo): void {
    const index = this.list.indexOf(owed);
    if (index >= 0) this.list.splice(index, 1);
  }

  private inherit({ was, becomes, from }: Inheritance): boolean {
    const seen = JSON.stringify(was);
    const mine = this.list.find((owed) => JSON.stringify(owed) === seen);
    if (mine === undefined || this.underWay.has(mine)) return false;
    // In place: whoever has it in hand is to undo what it is now.
    Object.assign(mine, becomes);
    this.parts.tell('inherited', `${from} leaves its undo to this one: ${becomes.undoLine}`);
    return true;
  }
}
