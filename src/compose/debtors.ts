import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Coordination, Debtor } from '../activities/world.js';
import { inheritUpdate, owedQuery } from '../workflows/inherit-messages.js';
import { LEASE_WORKFLOW_ID, leaseHoldersQuery } from '../workflows/lease-messages.js';
import { endedOutside, isSettled } from './ended-outside.js';

/** Who owes what, by the workflows themselves: lists may be a moment behind, their answers are not. */
export function createDebtors(client: Client): Pick<Coordination, 'debtors' | 'inherit'> {
  const owedBy = async (workflowId: string, runId: string): Promise<Debtor | undefined> => {
    try {
      const owed = await client.workflow.getHandle(workflowId, runId).query(owedQuery);
      return { workflowId, runId, owed };
    } catch (error) {
      // Ended since; what it owed is its parent's, or the reconciler's.
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  };
  return {
    async debtors(service) {
      const runs = new Map<string, string>();
      const ofService = `Service = '${service.replaceAll("'", "\\'")}'`;
      const query = `${ofService} AND (ExecutionStatus = 'Running' OR ${endedOutside()})`;
      for await (const { workflowId, runId, status } of client.workflow.list({ query })) {
        if (!/^(incident|recovery):/.test(workflowId)) continue;
        // What a terminated run owes is still to be undone: it joins nothing, but is waited for.
        if (status.name !== 'RUNNING' && (await isSettled(client, runId))) continue;
        runs.set(runId, workflowId);
      }
      // One that has only just begun may not be listed yet, but it has its turn.
      const lease = await client.workflow
        .getHandle(LEASE_WORKFLOW_ID)
        .query(leaseHoldersQuery)
        .catch((error: unknown) => {
          if (error instanceof WorkflowNotFoundError) return { held: [] };
          throw error;
        });
      for (const { holderId, holderRunId, target } of lease.held) {
        if (target.service === service) runs.set(holderRunId, holderId);
      }
      const found: Debtor[] = [];
      // One after another: in a storm there may be hundreds, and workers have more urgent things to do.
      for (const [runId, workflowId] of runs) {
        const debtor = await owedBy(workflowId, runId);
        if (debtor !== undefined) found.push(debtor);
      }
      return found;
    },

    async inherit({ workflowId, runId }, inheritance) {
      const handle = client.workflow.getHandle(workflowId, runId);
      try {
        return await handle.executeUpdate(inheritUpdate, { args: [inheritance] });
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}
