import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { Archive, IncidentRecord } from '../domain/archive.js';
import type { KillSwitch } from '../domain/monitor/monitor-state.js';
import { stateQuery, type IncidentView } from '../workflows/messages.js';
import {
  acknowledgeUpdate,
  OPERATOR_UPDATES,
  type AbortMessage,
  type OperatorAction,
} from '../workflows/operator-messages.js';
import { killSwitchUpdate, MONITOR_WORKFLOW_ID } from '../workflows/monitor-messages.js';
import { announceOrder } from './announce-order.js';
import { updateMonitor } from './monitor-client.js';
import { isNoAnswer } from './no-answer.js';
import { Problem } from './problem.js';

/** A worker answers within a second; one that is down must not hold the caller up. */
const ANSWER_WITHIN_MS = 8_000;
/**
 * An order waits for the task that is under way: while that one looks at a fleet that does not answer, it
 * takes orders when its heartbeat is due, after 8 s.
 */
const ORDER_WITHIN_MS = 12_000;

/** What operators can do to an incident. */
export type Operation = OperatorAction | 'acknowledge';

/** Incidents: looked up in the archive, operated through Temporal. */
export interface Incidents {
  find(id: string): Promise<IncidentRecord>;
  /** The workflow's own view; undefined when it is closed and gone, or no worker answers. */
  live(record: IncidentRecord): Promise<IncidentView | undefined>;
  /**
   * Returns in words what will come of it. A refusal is a Problem that says why. `key` names the order:
   * the incident's own line in the audit has it.
   */
  operate(id: string, operation: Operation, message: AbortMessage, key: string): Promise<string>;
  /** Stops or allows all actions. */
  setKillSwitch(ask: { on: boolean; by?: string; reason?: string }): Promise<KillSwitch>;
}

/** `chat:engine-2:request_latency_p95` and `incident:chat:…` name the same incident. */
function fullId(id: string): string {
  return id.startsWith('incident:') ? id : `incident:${id}`;
}

/** Incidents over an archive and a Temporal client. */
export function createIncidents(archive: Archive, client: Client): Incidents {
  const within = <T>(ms: number, run: () => Promise<T>) =>
    client.connection.withDeadline(Date.now() + ms, run);
  return {
    async find(id) {
      const record = await archive.incident(fullId(id));
      if (record !== undefined) return record;
      throw new Problem(404, 'Unknown incident', `no incident is named "${id}"`);
    },

    async live({ id, runId }) {
      try {
        return await within(ANSWER_WITHIN_MS, async () => {
          // A reset gave it another run; the newest run of that name may be another incident's, too.
          const newest = await client.workflow.getHandle(id).query(stateQuery);
          if (newest.runId === runId) return newest;
          return client.workflow.getHandle(id, runId).query(stateQuery);
        });
      } catch {
        return undefined;
      }
    },

    async operate(id, operation, message, updateId) {
      const handle = client.workflow.getHandle(fullId(id));
      try {
        return await within(ORDER_WITHIN_MS, async () => {
          await announceOrder(client, handle.workflowId);
          const update =
            operation === 'acknowledge' ? acknowledgeUpdate : OPERATOR_UPDATES[operation];
          return handle.executeUpdate(update, { args: [message], updateId });
        });
      } catch (error) {
        throw asProblem(error, id);
      }
    },

    async setKillSwitch(ask) {
      try {
        return await within(ANSWER_WITHIN_MS, () => updateMonitor(client, killSwitchUpdate, ask));
      } catch (error) {
        throw asProblem(error, MONITOR_WORKFLOW_ID);
      }
    },
  };
}

/** A failure of a call to Temporal as what the caller is told. */
export function asProblem(error: unknown, id: string): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    return new Problem(409, 'Refused', error.cause?.message ?? error.message, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError) {
    return new Problem(
      404,
      'Not running',
      `incident "${id}" is not open: nothing can be done to it`,
    );
  }
  if (isNoAnswer(error)) {
    const why = 'Temporal or its worker did not answer in time; try again, or use the Temporal UI';
    return new Problem(503, 'No answer', why, { cause: error });
  }
  return error;
}
