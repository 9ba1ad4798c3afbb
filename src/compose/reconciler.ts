import { isDeepStrictEqual } from 'node:util';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { owedQuery } from '../workflows/inherit-messages.js';
import { RECOVERY_QUEUE, stateQuery } from '../workflows/messages.js';
import type { SettleInput, SettleResult } from '../workflows/settle-messages.js';
import {
  endedOutside,
  endOf,
  isRecoveryRunning,
  settleIdOf,
  successorOf,
} from './ended-outside.js';

/** How often ended runs are looked for. */
const LOOK_EVERY_MS = 15_000;

/**
 * Finds incidents and recoveries that were ended from outside (terminated, timed out, failed), and has
 * what they owed undone, and incidents closed, by a workflow named after the run: many workers may look,
 * it happens once.
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

  /** One look at all ended runs; returns those that are being settled. */
  async look(): Promise<readonly string[]> {
    const query = `${endedOutside()} AND TaskQueue = '${RECOVERY_QUEUE}'`;
    const settling: string[] = [];
    for await (const { workflowId, runId } of this.client.workflow.list({ query })) {
      if (this.#seen.has(runId) || !/^(incident|recovery):/.test(workflowId)) continue;
      try {
        const input = await this.#left(workflowId, runId);
        if (input === 'later') continue;
        if (input !== undefined && (await this.#settle(input))) settling.push(runId);
        this.#seen.add(runId);
      } catch (error) {
        // One whose history can't be replayed must not keep the others from being settled.
        this.onProblem(error);
      }
    }
    return settling;
  }

  /** What is to be settled of that run, if anything is. */
  async #left(workflowId: string, runId: string): Promise<SettleInput | 'later' | undefined> {
    const handle = this.client.workflow.getHandle(workflowId, runId);
    const isIncident = workflowId.startsWith('incident:');
    const ended = await handle.describe();
    if (isIncident && (await isRecoveryRunning(this.client, ended))) return 'later';
    // The histories of ended runs are replayed to answer: they know to the last event what they owe.
    const owed = await handle.query(owedQuery);
    const run = { workflowId, runId, owed };
    const next = successorOf(ended);
    if (next !== undefined) return this.#cutOff(run, next);
    if (!isIncident) return owed.length === 0 ? undefined : run;
    const view = await handle.query(stateQuery);
    return { ...run, incident: { view, end: await endOf(this.client, workflowId, runId) } };
  }

  /** Of a run that was reset: what it did after the point that the next one goes on from. */
  async #cutOff(run: SettleInput, next: string): Promise<SettleInput | undefined> {
    if (run.owed.length === 0) return undefined;
    const kept = await this.client.workflow.getHandle(run.workflowId, next).query(owedQuery);
    // Settled even where nothing is left: later the next one owes less, and this must not be undone then.
    const owed = run.owed.filter((one) => !kept.some((k) => isDeepStrictEqual(k, one)));
    return { ...run, owed, goesOnAs: next };
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
          staticSummary: `Settles what ${input.workflowId} left when it was ended from outside`,
        },
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }
}
