/** What crosses the border between a workflow that tells another one something and its worker. */

/** A signal to another workflow: whatever is tried how often, it arrives once. */
export interface Letter {
  readonly workflowId: string;
  /** Its newest run where none is named. */
  readonly runId?: string;
  readonly signal: string;
  readonly args: readonly unknown[];
  /** The server knows by it what has arrived. */
  readonly id: string;
}
