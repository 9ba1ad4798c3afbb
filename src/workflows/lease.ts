import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import {
  aheadOf,
  askLease,
  endLease,
  NO_LEASES,
  type LeaseChange,
  type LeaseState,
} from '../domain/recovery/lease.js';
import { watchHistory } from './history-length.js';
import {
  acquireLeaseSignal,
  acquireLeaseUpdate,
  leaseAnswerSignal,
  leaseHoldersQuery,
  releaseLeaseSignal,
  type LeaseAnswer,
  type LeaseRequest,
  type TurnGivenBack,
} from './lease-messages.js';
import { findEndedHolders } from './proxies.js';

/** How often holders are looked up, so that a run ended from outside does not block its target. */
const HOLDER_CHECK_MS = 15_000;

/**
 * The one place that knows which target is being acted on, and by whom. It serialises what would
 * touch the same target and holds the limits; who waits is told by signal. Never ends.
 */
export async function lease(initial: LeaseState<LeaseRequest> = NO_LEASES): Promise<void> {
  let state = initial;
  // A lease that has run since before goes on as it began, until it continues as new: so it is with each
  // `patched` here.
  const keepsBudget = patched('lease-budget-of-who-waits');
  const remembers = patched('lease-late-asks');
  const isHistoryLong = watchHistory();
  const end = ({ requestId, isUnused }: TurnGivenBack) =>
    endLease(state, requestId, Date.now(), { keepsBudget, isUnused, remembers });
  const toTell: { readonly request: LeaseRequest; readonly answer: LeaseAnswer }[] = [];
  const isBusy = () => state.held.length + state.waiting.length > 0;

  /** Takes a new state; those that wait are told, but for the one that is being answered. */
  const adopt = (next: LeaseChange<LeaseRequest>, answered?: string) => {
    state = next.state;
    for (const request of next.granted) {
      const { requestId } = request;
      if (requestId === answered) continue;
      toTell.push({ request, answer: { requestId, granted: true, ahead: 0, refusal: undefined } });
    }
    for (const { ask, refusal } of next.refused) {
      const { requestId } = ask;
      toTell.push({ request: ask, answer: { requestId, granted: false, ahead: 0, refusal } });
    }
    setCurrentDetails(describe(state));
  };
  const take = (request: LeaseRequest): LeaseAnswer => {
    const { requestId } = request;
    const next = askLease(state, request, Date.now(), { keepsBudget });
    adopt(next, requestId);
    const granted = state.held.some((a) => a.requestId === requestId);
    return { requestId, granted, ahead: aheadOf(state, requestId), refusal: next.refusal };
  };

  const description = 'Asks for a target: {requestId, holderId, holderRunId, target, severity, …}';
  setHandler(acquireLeaseUpdate, take, { description });
  setHandler(
    acquireLeaseSignal,
    (request) => void toTell.push({ request, answer: take(request) }),
    { description },
  );
  setHandler(releaseLeaseSignal, (turn) => adopt(end(turn)), {
    description: 'Gives a target up: {requestId}',
  });
  setHandler(leaseHoldersQuery, () => state, { description: 'Who acts on what, and who waits' });
  setCurrentDetails(describe(state));

  const tell = async ({ request, answer }: (typeof toTell)[number]) => {
    try {
      const holder = getExternalWorkflowHandle(request.holderId, request.holderRunId);
      await holder.signal(leaseAnswerSignal, answer);
    } catch {
      // The holder is gone: its lease goes to the next.
      adopt(end(request));
    }
  };

  const leavesTraces = patched('lease-traces');
  // Whether nobody held anything when it was last looked: no timer then, an idle history must not grow.
  let isIdle = true;
  for (;;) {
    if (isIdle) await condition(() => toTell.length > 0 || isBusy());
    const wasTold = await condition(() => toTell.length > 0, HOLDER_CHECK_MS);
    await Promise.all(toTell.splice(0).map(tell));
    const due = wasTold ? [] : [...state.held, ...state.waiting];
    if (due.length > 0) {
      for (const requestId of await findEndedHolders(due)) {
        log.warn('lease freed: its holder ended without giving it up', { requestId });
        adopt(end({ requestId }));
      }
    }
    if (leavesTraces) {
      // Each task of this loop leaves something in the history, a timer or this: else a worker that has
      // just taken over would handle it in one go with the next ask (docs/decisions/updates-and-replay.md).
      isIdle = !wasTold && due.length === 0;
      if (isIdle) upsertMemo({ idleSince: new Date().toISOString() });
    } else isIdle = !isBusy();
    if (isHistoryLong() && toTell.length === 0) {
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
