import {
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { Breakers } from '../activities/world.js';
import type { Config } from '../config/schema.js';
import { AdapterError } from '../domain/ports.js';
import { announceOrder } from '../server/announce-order.js';
import { isNoAnswer } from '../server/no-answer.js';
import {
  BREAKER_MEMO,
  BREAKER_UPDATES,
  BREAKER_WORKFLOW,
  breakerOutcomeSignal,
  breakerWorkflowId,
  type BreakerInput,
  type BreakerOutcome,
  type BreakerView,
} from '../workflows/breaker-messages.js';
import { RECOVERY_QUEUE, type Target } from '../workflows/messages.js';

/** Longer than a breaker takes to answer when its load balancer does not. */
const ANSWER_WITHIN_MS = 14_000;
/** A signal that is not taken in this time is sent again. */
const SIGNAL_WITHIN_MS = 3_000;

type BreakerWorkflow = (input: BreakerInput) => Promise<void>;

/** The breakers over Temporal, with what the detector tells them beside. */
export interface TemporalBreakers extends Breakers {
  /** Tells a target's breakers what was seen, and starts them where they do not run. */
  tell(target: Target, outcome: BreakerOutcome): Promise<void>;
}

/** Breakers as workflows: `later` gives the client, and may throw while there is no connection. */
export function createBreakers(
  later: () => Client,
  { breakers }: Pick<Config, 'breakers'>,
): TemporalBreakers {
  const { reconcile, kinds: settings } = breakers;
  const start = (target: Target) => ({
    workflowId: breakerWorkflowId(target),
    taskQueue: RECOVERY_QUEUE,
    args: [{ target, settings, reconcileMs: reconcile }] as [BreakerInput],
    staticSummary: `Circuit breakers of ${target.replica ?? target.service}`,
  });
  return {
    settings,

    async states() {
      const query = `WorkflowType = '${BREAKER_WORKFLOW}' AND ExecutionStatus = 'Running'`;
      const found: BreakerView[] = [];
      for await (const { memo } of later().workflow.list({ query })) {
        const view = memo?.[BREAKER_MEMO] as BreakerView | undefined;
        // Without one it has only just been started.
        if (view !== undefined) found.push(view);
      }
      return found;
    },

    async order(target, order, message) {
      const client = later();
      try {
        return await client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
          await announceOrder(client, breakerWorkflowId(target));
          return client.workflow.executeUpdateWithStart(BREAKER_UPDATES[order], {
            args: [message],
            startWorkflowOperation: new WithStartWorkflowOperation<BreakerWorkflow>(
              BREAKER_WORKFLOW,
              { ...start(target), workflowIdConflictPolicy: 'USE_EXISTING' },
            ),
          });
        });
      } catch (cause) {
        if (cause instanceof WorkflowUpdateFailedError) {
          const why = cause.cause?.message ?? cause.message;
          throw new AdapterError('rejected', why, { cause });
        }
        if (isNoAnswer(cause)) {
          const why = 'Temporal or its worker did not answer in time';
          throw new AdapterError('timeout', why, { cause });
        }
        throw cause;
      }
    },

    async tell(target, outcome) {
      const client = later();
      await client.connection.withDeadline(Date.now() + SIGNAL_WITHIN_MS, () =>
        client.workflow.signalWithStart<BreakerWorkflow, [BreakerOutcome]>(BREAKER_WORKFLOW, {
          ...start(target),
          signal: breakerOutcomeSignal,
          signalArgs: [outcome],
        }),
      );
    },
  };
}
