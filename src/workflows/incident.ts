import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { IncidentAttempts } from './incident-attempts.js';
import { IncidentAnalysis } from './incident-analysis.js';
import { IncidentInbox } from './incident-inbox.js';
import { IncidentLog } from './incident-log.js';
import type { IncidentInput, IncidentResult } from './messages.js';
import { Mitigations } from './mitigations.js';
import { Turns } from './turns.js';

const now = () => Date.now();
/** Samples from before the cure have left the violation's window by then, and its hold has passed. */
const DOUBTED_AFTER_WINDOWS = 4;
/** At short windows, what the detector needs to see and to say it. */
const LEAST_DOUBT_MS = 60_000;

/**
 * One violation from its start to its end: it chooses a procedure, waits for its turn, runs it as a
 * child, has the cause analysed, waits until the violation is gone, and releases what was only a
 * mitigation. A cancel, as from the Temporal UI's button, is an abort of the recovery.
 */
export async function incident(input: IncidentInput): Promise<IncidentResult> {
  const run = new Incident(input);
  CancellationScope.current().cancelRequested.catch(() => {
    run.inbox.operate({ action: 'abort', by: 'a cancel request', reason: 'cancelled' });
  });
  return CancellationScope.nonCancellable(() => run.live());
}

class Incident {
  readonly inbox: IncidentInbox;
  private readonly log: IncidentLog;
  private readonly mitigations: Mitigations;
  private readonly attempts: IncidentAttempts;
  private readonly analysis: IncidentAnalysis;

  constructor(private readonly input: IncidentInput) {
    const { service, replica } = input.violation;
    const log = new IncidentLog(input);
    const turns = new Turns({ service, replica });
    const mitigations = new Mitigations(log, turns);
    // Before the inbox, which takes what was signalled before the first task when it is made.
    const analysis = new IncidentAnalysis(log);
    const inbox = new IncidentInbox(log, mitigations, () => analysis.start());
    const { uiBase } = input;
    this.log = log;
    this.mitigations = mitigations;
    this.inbox = inbox;
    this.analysis = analysis;
    this.attempts = new IncidentAttempts({ log, turns, mitigations, inbox, uiBase });
  }

  async live(): Promise<IncidentResult> {
    // As soon as it is out of the first action's way: before any change can have shown.
    const onWait = () => this.analysis.start();
    this.log.open(onWait);
    for (;;) {
      await this.attempts.recoverOnce(onWait);
      this.log.letWrite();
      this.analysis.start();
      this.analysis.recoveryEnded(this.attempts.outcome);
      const settled = await this.untilResolved();
      if (settled === 'again') continue;
      const ended = settled === 'aborted' ? settled : await this.releaseAll();
      if (ended === 'done') break;
      if (ended === 'aborted') {
        await this.mitigations.undoAll(this.inbox.abortAsk?.keep === true);
        this.attempts.end('aborted');
      }
    }
    this.inbox.close();
    await this.analysis.done();
    await this.log.close(this.endedAtMs());
    await condition(allHandlersFinished);
    const { procedure, probableCause } = this.log.view;
    return { outcome: this.attempts.outcome, procedure, probableCause };
  }

  /** Waits for the violation's end, or for a reason to act again. */
  private async untilResolved(): Promise<'resolved' | 'again' | 'aborted'> {
    const { attempts, inbox } = this;
    // The next procedure, if there is one, comes at once; the choice says when there is none.
    if (attempts.mayTryAgain && inbox.resolved === undefined) return 'again';
    if (attempts.isTrusted) this.log.set({ state: 'verifying' });
    const isAbortedHolding = () => inbox.isAborted() && this.mitigations.count > 0;
    const isGraver = () => !attempts.isTrusted && attempts.isGraver && !inbox.isAborted();
    // A replica taken out of service has no samples of its own: its service's SLI was verified.
    const isTakenOut = () => attempts.outcome === 'recovered' && inbox.isSilent;
    const isGone = () => inbox.resolved !== undefined || isTakenOut();
    const isWoken = () => attempts.isHeldBack && inbox.isWoken && !inbox.isAborted();
    const isSettled = () => isGone() || isGraver() || isAbortedHolding() || isWoken();
    const retryAtMs = attempts.isTrusted ? now() + this.doubtMs() : attempts.retryAtMs();
    if (retryAtMs === undefined) await condition(isSettled);
    else await condition(isSettled, Math.max(1, retryAtMs - now()));
    if (isAbortedHolding()) return 'aborted';
    if (isGone()) return 'resolved';
    if (attempts.isTrusted) {
      // Aborted with nothing in force: a person's from here on.
      if (inbox.isAborted()) await condition(isGone);
      if (isGone()) return 'resolved';
      attempts.doubt();
    }
    return 'again';
  }

  /** The violation's end as the detector saw it; its clock may be ahead of this one's, or behind. */
  private endedAtMs(): number {
    const { resolved } = this.inbox;
    return Math.min(now(), Math.max(this.log.view.openedAtMs, resolved?.atMs ?? now()));
  }

  /** How long a violation may go on after its recovery was verified. */
  private doubtMs(): number {
    return Math.max(LEAST_DOUBT_MS, DOUBTED_AFTER_WINDOWS * this.input.violation.windowMs);
  }

  /** Releases what was temporary, once the SLI has held. `again`: the violation came back. */
  private async releaseAll(): Promise<'done' | 'again' | 'aborted'> {
    const { inbox } = this;
    const { verification, policy } = this.attempts;
    if (verification === undefined || policy === undefined) return 'done';
    if (this.mitigations.count === 0) return 'done';
    this.log.set({ state: 'mitigated' });
    const holdMs = policy.releaseAfterMs;
    this.log.tell('hold', `mitigations are released once it has held for ${holdMs / 1000} s`);
    const isBack = () => inbox.resolved === undefined && !inbox.isSilent;
    await condition(() => isBack() || inbox.isAborted(), holdMs);
    if (inbox.isAborted()) return 'aborted';
    if (isBack()) return 'again';
    this.log.set({ state: 'releasing' });
    const isStopped = () => this.inbox.isAborted();
    const released = await this.mitigations.releaseAll(verification, policy, isStopped);
    if (inbox.isAborted()) return 'aborted';
    if (released === 'released') return isBack() ? 'again' : 'done';
    // The samples of the trial must have left the window, and what was put back have cured it once
    // more, before the incident is closed: else the detector would open the next one from them.
    const { windowMs } = this.input.violation;
    await condition(() => inbox.isAborted(), windowMs);
    await condition(() => !isBack() || inbox.isAborted(), 4 * windowMs);
    if (inbox.isAborted()) return 'aborted';
    return isBack() ? 'again' : 'done';
  }
}
