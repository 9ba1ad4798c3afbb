import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { LeaseAsk, LeaseRefusal } from '../domain/recovery/lease.js';
import {
  acquireLeaseSignal,
  LEASE_WORKFLOW_ID,
  leaseAnswerSignal,
  type LeaseAnswer,
  type LeaseRequest,
} from './lease-messages.js';
import type { Target } from './messages.js';
import { post } from './post.js';
import { askTurn, ensureLease, giveTurn } from './proxies.js';

const LEASE = { workflowId: LEASE_WORKFLOW_ID };
/** The lease answers within a second; after so long its own workflow task must be failing. */
const SILENT_AFTER_MS = 30_000;

/** An incident's turns at its target: asked of the lease workflow, and given back. */
export class Turns {
  private readonly answers = new Map<string, LeaseAnswer>();

  constructor(private readonly target: Target) {
    setHandler(leaseAnswerSignal, (answer) => this.hear(answer));
  }

  /** Takes an answer that came with another; a turn that has to wait is told by signal later. */
  hear(answer: LeaseAnswer): void {
    // The server delivers in any order: a decision may come before the word that it has to wait.
    if (!this.isDecided(answer.requestId)) this.answers.set(answer.requestId, answer);
  }

  /**
   * Asks for the target; the answer says whether it is ours, waits in the queue, or is refused. Until there
   * is one nothing may act: `onSilent` is called where it takes long, `isOver` ends the waiting.
   */
  async ask(
    requestId: string,
    want: Pick<LeaseAsk, 'severity' | 'purpose' | 'limits'>,
    {
      isOver = () => false,
      onSilent = () => undefined,
    }: { readonly isOver?: () => boolean; readonly onSilent?: () => void } = {},
  ): Promise<LeaseAnswer> {
    const known = this.answers.get(requestId);
    if (known !== undefined) return known;
    const { workflowId, runId } = workflowInfo();
    const holder = { holderId: workflowId, holderRunId: runId, target: this.target };
    const request = { requestId, ...holder, ...want };
    const answer = await askTurn(request).catch(() => undefined);
    if (answer !== undefined) this.hear(answer);
    else await this.send(request);
    const isAnswered = () => this.answers.has(requestId) || isOver();
    if (!isAnswered() && !(await condition(isAnswered, SILENT_AFTER_MS))) {
      onSilent();
      await condition(isAnswered);
    }
    return (
      this.answers.get(requestId) ?? { requestId, granted: false, ahead: 0, refusal: undefined }
    );
  }

  /** Waits for a turn that was asked for; false when it was refused after all, or `isOver` came first. */
  async wait(requestId: string, isOver: () => boolean = () => false): Promise<boolean> {
    await condition(() => this.isDecided(requestId) || isOver());
    return this.answers.get(requestId)?.granted === true && !isOver();
  }

  /** Why a turn is not to be had, by the last word on it. */
  refusalOf(requestId: string): LeaseRefusal | undefined {
    return this.answers.get(requestId)?.refusal;
  }

  /** Gives a turn back, held or not; the lease frees it by itself should this not arrive. */
  give(requestId: string, { isUnused = false } = {}): void {
    const turn = isUnused ? { requestId, isUnused } : { requestId };
    void giveTurn(turn).catch(() => undefined);
  }

  /** Runs something while holding a turn; waits for it as long as it takes. */
  async during<T>(
    requestId: string,
    want: Pick<LeaseAsk, 'severity' | 'purpose' | 'limits'>,
    run: () => Promise<T>,
  ): Promise<T> {
    const { granted } = await this.ask(requestId, want);
    if (!granted) await this.wait(requestId);
    try {
      return await run();
    } finally {
      this.give(requestId);
    }
  }

  /** Whether the last word on it is final: a place in the queue is not. */
  private isDecided(requestId: string): boolean {
    const answer = this.answers.get(requestId);
    return answer?.granted === true || answer?.refusal !== undefined;
  }

  private async send(request: LeaseRequest): Promise<void> {
    try {
      await post(LEASE, acquireLeaseSignal, request);
    } catch {
      // Nobody asked before, or somebody ended it: it is started, and asked again.
      await ensureLease();
      await post(LEASE, acquireLeaseSignal, request);
    }
  }
}
