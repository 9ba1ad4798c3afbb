import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { IncidentGate } from '../detector/dispatch.js';
import type { Violation } from '../domain/sla/violation.js';
import {
  incidentIdOf,
  noDataSignal,
  observedSignal,
  RECOVERY_QUEUE,
  resolvedSignal,
  type IncidentInput,
  type IncidentResult,
} from '../workflows/messages.js';

/** A call that Temporal does not answer within this time is made again at the next comparison. */
const ANSWER_WITHIN_MS = 5_000;
const PREFIX = incidentIdOf('');

type IncidentWorkflow = (given: IncidentInput) => Promise<IncidentResult>;
type Observation = { severity: Violation['severity']; value: number; atMs: number };

/** Incidents as workflows: the id is the violation's fingerprint, so that many detectors make one. */
export function createIncidentGate(client: Client, uiBase: string): IncidentGate {
  const within = <T>(run: () => Promise<T>) =>
    client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, run);
  /** False when there is no such incident: there is nobody to tell. */
  const tell = async (run: () => Promise<void>): Promise<boolean> => {
    try {
      await within(run);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return {
    async observe(violation) {
      const { severity, value } = violation;
      const input: IncidentInput = { violation, source: 'detector', uiBase, evidence: undefined };
      await within(() =>
        client.workflow.signalWithStart<IncidentWorkflow, [Observation]>('incident', {
          workflowId: incidentIdOf(violation.fingerprint),
          taskQueue: RECOVERY_QUEUE,
          args: [input],
          signal: observedSignal,
          signalArgs: [{ severity, value, atMs: Date.now() }],
          staticSummary: summaryOf(violation),
          staticDetails: `Found at ${new Date(violation.detectedAtMs).toISOString()}, began at ${new Date(violation.startedAtMs).toISOString()}.`,
        }),
      );
    },
    resolve: (fingerprint, seen) =>
      tell(() => client.workflow.getHandle(incidentIdOf(fingerprint)).signal(resolvedSignal, seen)),
    noData: (fingerprint, atMs) =>
      tell(() =>
        client.workflow.getHandle(incidentIdOf(fingerprint)).signal(noDataSignal, { atMs }),
      ),
    open: () =>
      within(async () => {
        const query = "WorkflowType = 'incident' AND ExecutionStatus = 'Running'";
        const found: string[] = [];
        for await (const { workflowId } of client.workflow.list({ query })) {
          if (workflowId.startsWith(PREFIX)) found.push(workflowId.slice(PREFIX.length));
        }
        return found;
      }),
  };
}

/** One line for Temporal's lists. */
function summaryOf({
  metric,
  replica,
  service,
  value,
  unit,
  direction,
  limit,
  severity,
}: Violation) {
  const sign = direction === 'upper' ? '>' : '<';
  return `${metric} of ${replica ?? service}: ${value.toPrecision(4)} ${sign} ${limit.toPrecision(4)} ${unit} (${severity})`;
}
