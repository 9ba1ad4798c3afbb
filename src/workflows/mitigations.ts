import { workflowInfo } from '@temporalio/workflow';
import type { IncidentLog } from './incident-log.js';
import type { IncidentPolicy, OwedUndo, VerificationPlan } from './messages.js';
import { OwedUndos } from './owed-undos.js';
import { originalRunId } from './original-run.js';
import { release } from './release.js';
import type { Turns } from './turns.js';

const now = () => Date.now();

/** What an incident's recoveries left in force: temporary, and owed until it is released. */
export class Mitigations {
  private readonly held: OwedUndos;
  private isRecovering = false;

  constructor(
    private readonly log: IncidentLog,
    private readonly turns: Turns,
  ) {
    this.held = new OwedUndos({
      tell: (stage, text) => log.tell(stage, text),
      // What a recovery owes is held here when it has ended. One that is not this run's, as it was
      // reset to before it, may tell of itself as well: what that one owes is not held here.
      alsoSeen: () => (this.isRecovering ? log.view.owed : []),
    });
  }

  get count(): number {
    return this.held.list.length;
  }

  /** A recovery begins, whose progress says what it owes. */
  recoveryStarts(): void {
    this.isRecovering = true;
  }

  /** That recovery has ended, and leaves these. */
  add(owed: readonly OwedUndo[]): void {
    this.isRecovering = false;
    this.held.list.push(...owed);
    this.show();
  }

  /** Undoes all at once, newest first, as an abort orders; `keeps` leaves them as they are. */
  async undoAll(keeps: boolean): Promise<void> {
    for (const owed of [...this.held.list].reverse()) {
      if (keeps) {
        this.held.forget(owed);
        this.log.tell('kept', `to undo by hand: ${owed.undoLine}`);
        continue;
      }
      const undone = await this.held.undo(owed, `${workflowInfo().runId}:abort:${owed.step.id}`);
      this.held.forget(owed);
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
    for (const owed of [...this.held.list].reverse()) {
      const requestId = `${originalRunId()}:release:${owed.step.id}:${now()}`;
      const { limits } = policy;
      const want = { severity: 'minor', purpose: { kind: 'release' }, limits } as const;
      const tryWithout = () =>
        this.held.during(owed, () =>
          release(owed, {
            ...{ verification, operationId: requestId, now, isStopped },
            onStage: (line) => this.log.tell('release', `trying without it: ${line}`),
          }),
        );
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
      this.held.forget(owed);
      this.show();
      this.log.tell('released', freed.text);
    }
    return 'released';
  }

  private show(): void {
    this.log.set({ owed: [...this.held.list] });
  }
}
