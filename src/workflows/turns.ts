import {
  condition,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LeaseAsk } from '../domain/recovery/lease.js';
import {
  grantedSignal,
  LEASE_WORKFLOW_ID,
  releaseLeaseSignal,
  type LeaseAnswer,
  type Target,
} from './messages.js';
import { acquireLease } from './proxies.js';

/** An incident's turns at its target: asked of the lease workflow, and given back. */
export class Turns {
  private readonly granted = new Set<string>();

  constructor(private readonly target: Target) {
    setHandler(grantedSignal, ({ requestId }) => void this.granted.add(requestId));
  }

  /** Asks for the target. */
  async ask(
    requestId: string,
    want: Pick<LeaseAsk, 'severity' | 'purpose' | 'limits'>,
  ): Promise<LeaseAnswer> {
    const { workflowId, runId } = workflowInfo();
    const holder = { holderId: workflowId, holderRunId: runId, target: this.target };
    return acquireLease({ requestId, ...holder, ...want });
  }

  /** Waits for a turn that was asked for; false when `isOver` came first. */
  async wait(requestId: string, isOver: () => boolean = () => false): Promise<boolean> {
    await condition(() => this.granted.has(requestId) || isOver());
    return this.granted.has(requestId) && !isOver();
  }

  /** Gives a turn back, held or not; the lease frees it by itself should this not arrive. */
  give(requestId: string): void {
    void getExternalWorkflowHandle(LEASE_WORKFLOW_ID)
      .signal(releaseLeaseSignal, { requestId })
      .catch(() => undefined);
  }
}
