import { workflowInfo } from '@temporalio/workflow';
import type { IncidentLog } from './incident-log.js';
import type { IncidentPolicy, OwedUndo, VerificationPlan } from './messages.js';
import { release } from './release.js';
import { undo } from './rollback.js';
import type { Turns } from './turns.js';

const now = () => Date.now();

/** What an incident's recoveries left in force: temporary, and owed until it is released. */
export class Mitigations {
  /** Oldest first. */
  private readonly held: OwedUndo[] = [];

  constructor(
    private readonly log: IncidentLog,
    private readonly turns: Turns,
  ) {}

  get count(): number {
    return this.held.length;
  }

  add(owed: readonly OwedUndo[]): void {
    this.held.push(...owed);
    this.show();
  }

  /** Undoes all at once, newest first, as an abort orders; `keeps` leaves them as they are. */
  async undoAll(keeps: boolean): Promise<void> {
    for (const owed of this.held.splice(0).reverse()) {
      if (keeps) {
        this.log.tell('kept', `to undo by hand: ${owed.undoLine}`);
        continue;
      }
      const undone = await undo(owed, `${workflowInfo().runId}:abort:${owed.step.id}`);
      if (undone.kind === 'undone') this.log.tell('rolled-back', undone.text);
      else this.log.tell('escalated', `${undone.why}; a person must: ${owed.undoLine}`);
    }
    this.show();
  }

  /**
   * Releases one by one, newest first, stage by stage, each verified. `kept`: one broke the SLI again and was put back;
   * it stays in force, and a person is told what to do.
   */
  async releaseAll(
    verification: VerificationPlan,
    policy: IncidentPolicy,
    isStopped: () => boolean,
  ): Promise<'released' | 'kept'> {
    for (const owed of [...this.held].reverse()) {
      const requestId = `${workflowInfo().runId}:release:${owed.step.id}:${now()}`;
      const { limits } = policy;
      const want = { severity: 'minor', purpose: { kind: 'release' }, limits } as const;
      const tryWithout = () =>
        release(owed, {
          ...{ verification, operationId: requestId, now, isStopped },
          onStage: (line) => this.log.tell('release', `trying without it: ${line}`),
        });
      // Until it is known whether it must be put back, its share of the blast radius stays its own.
      const capacity = { ...want, purpose: { kind: 'capacity' } } as const;
      const freed = await this.turns.during(requestId, want, () =>
        limits.maxTogether < 2
          ? tryWithout()
          : this.turns.during(`${requestId}:capacity`, capacity, tryWithout),
      );
      if (freed.kind === 'stopped') return 'kept';
      if (freed.kind !== 'released') {
        const { replica, service } = owed.step.target;
        const todo = `a person must mend ${replica ?? service}, then: ${owed.undoLine}`;
        this.log.tell(freed.kind === 'put-back' ? 'kept' : 'escalated', `${freed.why}; ${todo}`);
        return 'kept';
      }
      this.held.splice(this.held.indexOf(owed), 1);
      this.show();
      this.log.tell('released', freed.text);
    }
    return 'released';
  }

  private show(): void {
    this.log.set({ owed: [...this.held] });
  }
}
