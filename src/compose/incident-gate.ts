import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { IncidentGate, OpenIncident } from '../detector/incident-gate.js';
import type { Paged } from '../domain/monitor/alert.js';
import type { Violation } from '../domain/sla/violation.js';
import {
  attributesOf,
  incidentIdOf,
  noDataSignal,
  observedSignal,
  RECOVERY_QUEUE,
  resolvedSignal,
  TASK_TIMEOUT,
  type IncidentInput,
  type IncidentResult,
} from '../workflows/messages.js';

/** A call that Temporal does not answer within this time is made again at the next comparison. */
const ANSWER_WITHIN_MS = 5_000;
const PREFIX = incidentIdOf('');
/** Of incidents that others report: until when their source held them open as they were started. */
const HELD_UNTIL_MEMO = 'heldUntilMs';

type IncidentWorkflow = (given: IncidentInput) => Promise<IncidentResult>;
type Observation = {
  severity: Violation['severity'];
  value: number;
  atMs: number;
  paged?: Paged;
};

/**
 * Incidents as workflows: the id is the violation's fingerprint, so that many detectors make one.
 * `later` throws while there is no connection yet.
 */
export function createIncidentGate(later: () => Client, uiBase: string): IncidentGate {
  const within = async <T>(run: (client: Client) => Promise<T>) => {
    const client = later();
    return client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => run(client));
  };
  /** False when there is no such incident: there is nobody to tell. */
  const tell = async (run: (client: Client) => Promise<void>): Promise<boolean> => {
    try {
      await within(run);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return {
    async observe(violation, origin, paged) {
      const { severity, value } = violation;
      const source = origin?.source ?? 'detector';
      const told = paged === undefined ? {} : { paged };
      const evidence = origin?.evidence ?? violation.evidence;
      const input: IncidentInput = { violation, source, uiBase, evidence, ...told };
      await within((client) =>
        client.workflow.signalWithStart<IncidentWorkflow, [Observation]>('incident', {
          workflowId: incidentIdOf(violation.fingerprint),
          taskQueue: RECOVERY_QUEUE,
          workflowTaskTimeout: TASK_TIMEOUT,
          args: [input],
          signal: observedSignal,
          signalArgs: [{ severity, value, atMs: Date.now(), ...told }],
          // What lists give without asking a worker: who judges when it is over.
          ...(origin === undefined ? {} : { memo: { [HELD_UNTIL_MEMO]: origin.untilMs } }),
          typedSearchAttributes: attributesOf(violation),
          staticSummary: summaryOf(violation),
          staticDetails: detailsOf(violation, input),
        }),
      );
    },
    resolve: (fingerprint, seen) =>
      tell((client) =>
        client.workflow.getHandle(incidentIdOf(fingerprint)).signal(resolvedSignal, seen),
      ),
    noData: (fingerprint, atMs) =>
      tell((client) =>
        client.workflow.getHandle(incidentIdOf(fingerprint)).signal(noDataSignal, { atMs }),
      ),
    open: () =>
      within(async (client) => {
        const query = "WorkflowType = 'incident' AND ExecutionStatus = 'Running'";
        const found: OpenIncident[] = [];
        for await (const { workflowId, memo } of client.workflow.list({ query })) {
          if (!workflowId.startsWith(PREFIX)) continue;
          const heldUntil = memo?.[HELD_UNTIL_MEMO];
          found.push({
            fingerprint: workflowId.slice(PREFIX.length),
            heldUntilMs: typeof heldUntil === 'number' ? heldUntil : undefined,
          });
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

/** The long text beside it, in Markdown. */
function detailsOf({ detectedAtMs, startedAtMs }: Violation, input: IncidentInput): string {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const times = `Found at ${iso(detectedAtMs)}, began at ${iso(startedAtMs)}.`;
  if (input.source === 'detector') {
    return input.evidence === undefined ? times : `${times}\n\nSeen: ${input.evidence}`;
  }
  return `${times}\n\nReported by ${input.source}${input.evidence === undefined ? '.' : `: ${input.evidence}`}`;
}
