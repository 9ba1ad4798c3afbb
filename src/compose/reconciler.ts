import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { owedQuery } from '../workflows/inherit-messages.js';
import { RECOVERY_QUEUE, type OwedUndo } from '../workflows/messages.js';
import type { SettleInput, SettleResult } from '../workflows/settle-messages.js';
import { endedOutside, settleIdOf } from './ended-outside.js';

/** How often ended runs are looked for. */
const LOOK_EVERY_MS = 15_000;

/**
 * Finds runs that were ended from outside (terminated, timed out, failed) and owe an undo, and has it
 * done by a workflow named after the run: many workers may look, it happens once.
 */
export class Reconciler {
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Client,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  start(): void {
    const look = () => void this.look().catch(this.onProblem);
    this.#timer = setInterval(look, LOOK_EVERY_MS);
    look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at all ended runs; returns those whose owed undos are being done. */
  async look(): Promise<readonly string[]> {
    const query = `${endedOutside()} AND TaskQueue = '${RECOVERY_QUEUE}'`;
    const settling: string[] = [];
    for await (const { workflowId, runId } of this.client.workflow.list({ query })) {
      if (this.#seen.has(runId)) continue;
      const owed = await this.#owedBy(workflowId, runId);
      if (owed.length > 0 && (await this.#settle({ workflowId, runId, owed })))
        settling.push(runId);
      this.#seen.add(runId);
    }
    return settling;
  }

  async #owedBy(workflowId: string, runId: string): Promise<readonly OwedUndo[]> {
    const handle = this.client.workflow.getHandle(workflowId, runId);
    // The histories of ended runs are replayed to answer: they know to the last event what they owe.
    return /^(incident|recovery):/.test(workflowId) ? handle.query(owedQuery) : [];
  }

  async #settle(input: SettleInput): Promise<boolean> {
    try {
      await this.client.workflow.start<(given: SettleInput) => Promise<SettleResult>>(
        'settleOwed',
        {
          workflowId: settleIdOf(input.runId),
          taskQueue: RECOVERY_QUEUE,
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          args: [input],
          staticSummary: `Undoes what ${input.workflowId} owed when it was ended from outside`,
        },
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }
}
