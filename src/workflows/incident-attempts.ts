import { condition } from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import { isMaintenanceText } from '../domain/monitor/monitor-state.js';
import type { LeaseLimits, LeaseRefusal } from '../domain/recovery/lease.js';
import { severityRank } from '../domain/sla/severity.js';
import { runRecovery, settleLostRecovery } from './incident-children.js';
import type { IncidentInbox } from './incident-inbox.js';
import type { IncidentLog } from './incident-log.js';
import type {
  IncidentPolicy,
  IncidentView,
  RecoveryPlan,
  RecoveryResult,
  VerificationPlan,
} from './messages.js';
import type { Mitigations } from './mitigations.js';
import { originalRunId } from './original-run.js';
import type { ReadyAhead } from './preparation-messages.js';
import { planIncident, verifyStep } from './proxies.js';
import type { Turns } from './turns.js';

const now = () => Date.now();
/** Prerequisites that were not met are looked at again after so long, then twice as long, to a bound. */
const FIRST_RETRY_MS = 30_000;
const MOST_RETRY_MS = 15 * 60_000;

/** The monitor's own word comes first; this is for one that was missed. */
const AFTER_MAINTENANCE_MS = 2_000;

/** How an incident stands after a try that nothing follows; the others' next state follows at once. */
const STANDING: Partial<Record<Outcome, Partial<IncidentView>>> = {
  aborted: { state: 'open' },
  superseded: { state: 'open' },
  'rollback-incomplete': {
    state: 'escalated',
    why: 'its rollback is incomplete, a person must finish it',
  },
};

/** An incident's tries to recover: each chooses a procedure, waits for its turn and runs it. */
export class IncidentAttempts {
  private readonly tried: string[] = [];
  private count = 0;
  /** How many of its asks for a turn are done with: a try that is held back may have one, too. */
  private asked = 0;
  /** How often in a row no procedure's prerequisites were met. */
  private refusals = 0;
  /** Severity with which the last choice of a procedure was made. */
  private plannedRank = -1;
  private lastOutcome: Outcome = 'none';
  private again = false;
  private judgedBy: VerificationPlan | undefined;
  private policyInForce: IncidentPolicy | undefined;
  private askAgainAtMs: number | undefined;
  private heldBack = false;
  /** What was verified did not end the violation: from then on only the detector's word counts. */
  private doubted = false;

  constructor(
    private readonly parts: {
      readonly log: IncidentLog;
      readonly turns: Turns;
      readonly mitigations: Mitigations;
      readonly inbox: IncidentInbox;
      readonly uiBase: string;
    },
  ) {}

  get outcome(): Outcome {
    return this.lastOutcome;
  }

  /** Whether the last try recovered, and nothing has spoken against that. */
  get isTrusted(): boolean {
    return this.lastOutcome === 'recovered' && !this.doubted;
  }

  /** Whether the last try was undone, so that another procedure may be tried at once. */
  get mayTryAgain(): boolean {
    return this.again;
  }

  /** When a refused procedure may be asked for again. */
  retryAtMs(): number | undefined {
    return this.askAgainAtMs;
  }

  /** Whether maintenance kept the last try back: at its end it looks again. */
  get isHeldBack(): boolean {
    return this.heldBack;
  }

  /** How the last plan's steps were judged. */
  get verification(): VerificationPlan | undefined {
    return this.judgedBy;
  }

  get policy(): IncidentPolicy | undefined {
    return this.policyInForce;
  }

  /** Whether the violation is graver than when the last procedure was chosen. */
  get isGraver(): boolean {
    return severityRank(this.parts.log.view.violation.severity) > this.plannedRank;
  }

  /**
   * The violation went on long after its recovery was verified, as when a drained replica is still
   * full while its service is well: the next procedure is chosen, if there is one.
   */
  doubt(): void {
    const { log } = this.parts;
    const { metric, replica, service } = log.view.violation;
    this.doubted = true;
    log.tell('unresolved', `${metric} of ${replica ?? service} is still beyond its limit`);
  }

  end(outcome: Outcome): void {
    this.lastOutcome = outcome;
    this.parts.log.set({ outcome, ...STANDING[outcome] });
  }

  /**
   * Chooses, waits for its turn and runs one procedure; `outcome` says how that ended. `onWait` is
   * called when it has to wait.
   */
  async recoverOnce(onWait: () => void): Promise<void> {
    const { log, turns, mitigations, inbox } = this.parts;
    this.again = false;
    this.askAgainAtMs = undefined;
    this.heldBack = false;
    inbox.rest();
    if (inbox.isAborted()) {
      this.end('aborted');
      return;
    }
    const { violation } = log.view;
    this.plannedRank = severityRank(violation.severity);
    const requestId = `${originalRunId()}:${this.asked + 1}`;
    const decision = await planIncident({ violation, tried: this.tried, requestId });
    this.policyInForce = decision.policy;
    if (decision.kind === 'hold') {
      this.heldBack = true;
      // Without an answer it is the same request the next time, should it have arrived after all.
      if (decision.turn !== undefined) {
        turns.give(requestId, { isUnused: true });
        this.asked += 1;
      }
      this.askAgainAtMs = decision.untilMs + AFTER_MAINTENANCE_MS;
      log.set({ state: 'waiting', why: decision.why });
      log.tell('held', `${decision.why}; it is looked at again at its end`);
      return;
    }
    if (decision.kind === 'none') {
      // Prerequisites may come to be met: it is looked at again, less and less often.
      if (decision.isRefused === true) {
        this.askAgainAtMs = now() + Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.refusals);
        this.refusals += 1;
        this.end('refused');
      }
      log.set({ state: 'escalated', why: decision.why });
      log.tell('escalated', `${decision.why}; a person must look`);
      return;
    }
    const { plan, ready } = decision;
    this.refusals = 0;
    this.judgedBy = plan.verification;
    log.set({ procedure: plan.procedure, why: plan.why });
    this.count += 1;
    this.asked += 1;
    if (decision.turn !== undefined) turns.hear(decision.turn);
    const turn = await this.takeTurn(requestId, plan, decision.policy.limits, onWait);
    let isUnused = true;
    try {
      // Aborted while it was planned: nothing acts any more, not even to be undone.
      if (turn !== undefined && !inbox.isAborted()) {
        isUnused = false;
        const result = await this.runRecovery(plan, ready);
        this.doubted = false;
        // What maintenance kept from acting has not been tried.
        const isKept = result.steps.some(({ line }) => isMaintenanceText(line));
        if (!isKept) this.tried.push(plan.procedure);
        inbox.hear(result.rest ?? { lines: [] }, { steps: result.steps, waiting: undefined });
        mitigations.add(result.owed);
        // Kept by a denied rollback, as an order says: a person's from here on, and never tried without.
        if (result.outcome === 'aborted' && !inbox.isAborted()) await mitigations.undoAll(true);
        this.end(result.outcome);
        // What was stopped by a person is not tried in another way.
        this.again = result.outcome === 'rolled-back';
      } else {
        const isRefused = this.retryAtMs() !== undefined;
        const ended = isRefused ? 'refused' : 'superseded';
        this.end(inbox.isAborted() ? 'aborted' : ended);
        if (!isRefused) log.tell(this.lastOutcome, 'nothing was changed');
      }
    } finally {
      if (turn !== undefined) turns.give(turn, { isUnused });
    }
  }

  /** Waits for the target; undefined when meanwhile the violation went away, or it was aborted. */
  private async takeTurn(
    requestId: string,
    plan: RecoveryPlan,
    limits: LeaseLimits,
    onWait: () => void,
  ): Promise<string | undefined> {
    const { log, turns, inbox } = this.parts;
    const { severity, windowMs } = log.view.violation;
    const isOver = () => inbox.resolved !== undefined || inbox.isAborted();
    const onSilent = () => {
      log.set({ state: 'waiting', why: 'the lease does not answer' });
      log.tell(
        'waiting',
        `the workflow "lease" does not answer: ${plan.procedure} acts once it does`,
      );
    };
    const purpose = { kind: 'recovery', procedure: plan.procedure } as const;
    const answer = await turns.ask(requestId, { severity, purpose, limits }, { isOver, onSilent });
    if (answer.refusal !== undefined) {
      this.refuse(plan, answer.refusal);
      return undefined;
    }
    const { holdMs } = plan.verification.rule;
    const isEarly = now() - log.view.openedAtMs < holdMs;
    if (answer.granted && isEarly) return requestId;
    onWait();
    log.letWrite();
    if (!answer.granted && !isOver()) {
      log.set({ state: 'waiting', why: plan.why });
      const place = answer.ahead === 0 ? 'it is next' : `${answer.ahead} come before it`;
      log.tell('waiting', `another recovery acts on this target; ${place}`);
    }
    const isMine = answer.granted || (await turns.wait(requestId, isOver));
    const refusal = isOver() ? undefined : turns.refusalOf(requestId);
    const isDecided = isMine || refusal !== undefined;
    // Time went by, and whoever went before may have cured it: look before acting as well.
    const { verification } = plan;
    const look = { verification, sinceMs: now() - 2 * holdMs, untilMs: now() };
    const isCured = async () => !this.doubted && (await verifyStep(look)).kind === 'recovered';
    if (isDecided && !(await isCured())) {
      if (isMine) return requestId;
      if (refusal !== undefined) this.refuse(plan, refusal);
      return undefined;
    }
    // The target must not be held while the detector makes up its mind.
    turns.give(requestId, { isUnused: true });
    if (!isDecided) return undefined;
    log.tell('waiting', 'it looks cured: waiting for the detector to agree');
    await condition(isOver, 4 * windowMs);
    if (isOver()) return undefined;
    this.doubted = true;
    return this.takeTurn(`${requestId}+`, plan, limits, onWait);
  }

  /** The lease says no for now: a person may act, and it is asked again when it says. */
  private refuse({ procedure }: RecoveryPlan, { why, retryAfterMs }: LeaseRefusal): void {
    const { log } = this.parts;
    this.askAgainAtMs = now() + retryAfterMs;
    log.set({ state: 'escalated', why });
    log.tell('escalated', `${why}; a person may act before ${procedure} does`);
  }

  private async runRecovery(
    plan: RecoveryPlan,
    ready: ReadyAhead | undefined,
  ): Promise<RecoveryResult> {
    const { log, inbox, mitigations, uiBase } = this.parts;
    const { procedure, steps, why } = plan;
    // What an earlier one left in force is not this one's to undo, should it be lost.
    log.set({ state: 'recovering', why, owed: [] });
    mitigations.recoveryStarts();
    log.tell('plan', `${procedure}: ${steps.map((s) => s.action).join(' → ')}; ${why}`);
    const given = { view: log.view, plan, ready, attempt: this.count, uiBase };
    try {
      return await runRecovery(given, (id) => inbox.recoveryStarted(id));
    } catch (error) {
      return await settleLostRecovery(log, error);
    } finally {
      inbox.recoveryEnded();
    }
  }
}
