import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  aheadOf,
  askLease,
  endLease,
  NO_LEASES,
  type LeaseState,
} from '../domain/recovery/lease.js';
import {
  acquireLeaseUpdate,
  grantedSignal,
  leaseHoldersQuery,
  releaseLeaseSignal,
  type LeaseRequest,
} from './messages.js';
import { findEndedHolders } from './proxies.js';

/** How often holders are looked up, so that a run ended from outside does not block its target. */
const HOLDER_CHECK_MS = 15_000;

/**
 * The one place that knows which target is being acted on, and by whom. It serialises what would
 * touch the same target and holds the limits; who waits is told by signal. Never ends.
 */
export async function lease(initial: LeaseState<LeaseRequest> = NO_LEASES): Promise<void> {
  let state = initial;
  const toTell: LeaseRequest[] = [];
  const isBusy = () => state.held.length + state.waiting.length > 0;

  const adopt = (next: { state: LeaseState<LeaseRequest>; granted: readonly LeaseRequest[] }) => {
    state = next.state;
    toTell.push(...next.granted);
    setCurrentDetails(describe(state));
  };

  setHandler(
    acquireLeaseUpdate,
    (request) => {
      const next = askLease(state, request, Date.now());
      // The answer tells the asker; a signal on top would be a second event for nothing.
      adopt({ ...next, granted: next.granted.filter((a) => a.requestId !== request.requestId) });
      const isGranted = state.held.some((a) => a.requestId === request.requestId);
      const ahead = aheadOf(state, request.requestId);
      return { granted: isGranted, ahead, refusal: next.refusal };
    },
    { description: 'Asks for a target: {requestId, holderId, holderRunId, target, severity, …}' },
  );
  setHandler(releaseLeaseSignal, ({ requestId }) => adopt(endLease(state, requestId, Date.now())), {
    description: 'Gives a target up: {requestId}',
  });
  setHandler(leaseHoldersQuery, () => state, { description: 'Who acts on what, and who waits' });
  setCurrentDetails(describe(state));

  const tell = async (request: LeaseRequest) => {
    try {
      const holder = getExternalWorkflowHandle(request.holderId, request.holderRunId);
      await holder.signal(grantedSignal, { requestId: request.requestId });
    } catch {
      // The holder is gone: its lease goes to the next.
      adopt(endLease(state, request.requestId, Date.now()));
    }
  };

  for (;;) {
    // No timer while nobody holds anything: an idle fleet must not grow a history.
    await condition(() => toTell.length > 0 || isBusy());
    const wasTold = await condition(() => toTell.length > 0, HOLDER_CHECK_MS);
    for (const request of toTell.splice(0)) await tell(request);
    if (!wasTold && isBusy()) {
      for (const requestId of await findEndedHolders([...state.held, ...state.waiting])) {
        log.warn('lease freed: its holder ended without giving it up', { requestId });
        adopt(endLease(state, requestId, Date.now()));
      }
    }
    if (workflowInfo().continueAsNewSuggested && toTell.length === 0) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof lease>(state);
    }
  }
}

/** The state in Markdown, as Temporal's UI shows it. */
function describe(state: LeaseState<LeaseRequest>): string {
  const line = ({ target, holderId, severity }: LeaseRequest) =>
    `- **${[target.service, target.replica].filter((part) => part !== undefined).join('/')}**: ${holderId} (${severity})`;
  return [
    `### Acting now: ${state.held.length}`,
    ...state.held.map(line),
    `### Waiting: ${state.waiting.length}`,
    ...state.waiting.map(line),
  ].join('\n');
}
