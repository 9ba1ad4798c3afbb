import type { Client } from '@temporalio/client';
import type { SourceFacts } from '../domain/monitor/monitor-state.js';
import { monitorStart } from '../server/monitor-client.js';
import { factsSignal } from '../workflows/monitor-messages.js';

/** A call that Temporal does not answer within this time is made again. */
const ANSWER_WITHIN_MS = 5_000;

/** Tells the monitor what a detector sees. `later` throws while there is no connection yet. */
export function createFactsTeller(later: () => Client): (facts: SourceFacts) => Promise<void> {
  return async (facts) => {
    const client = later();
    await client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflow.signalWithStart('monitor', {
        ...monitorStart,
        args: [],
        signal: factsSignal,
        signalArgs: [facts],
      }),
    );
  };
}
