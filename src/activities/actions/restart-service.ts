import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import { incidentIdOf } from '../../workflows/messages.js';
import { defineAction, type ActContext } from './action.js';
import { drained } from './drained.js';
import { probeEngine } from './engine-probe.js';
import { keepForensics } from './forensics.js';
import { mayRestore } from './may-restore.js';
import { findProcess, refusalToRestart } from './restart-target.js';
import { adminSetting, setAdmin } from './server-admin.js';
import { worseThanPeers } from './server-target.js';
import { controlOf, currentProcess } from './supervisor.js';
import { waitUntil } from './wait-until.js';

const state = z.object({
  before: z.object({
    replica: z.string(),
    generation: z.number(),
    /** Null where no load balancer knows it. */
    server: adminSetting.nullable(),
  }),
  desired: z.object({ aboveGeneration: z.number(), incidentId: z.string() }),
});
type State = z.output<typeof state>;

/** Requests in flight get so long to end; those on a hung core never do. */
const DRAIN_WITHIN_MS = 15_000;
const RUNNING_WITHIN_MS = 60_000;
const COMPLETES_WITHIN_MS = 30_000;
/** One probe of a restarted engine: its adapter's own limit for a completion. */
const PROBE_WITHIN_MS = 10_000;

/** Whether it was restarted since: by this operation before, or by somebody else; gone counts as well. */
async function isRestarted(context: ActContext, { before, desired }: State): Promise<boolean> {
  const now = await currentProcess(context, before.replica);
  return now === undefined || now.generation > desired.aboveGeneration;
}

async function restart(context: ActContext, state: State): Promise<void> {
  const { replica, generation } = state.before;
  const ask = { operationId: context.operationId, ifGeneration: generation };
  await context.fence();
  try {
    await controlOf(context).restart(context.service.name, replica, ask);
  } catch (error) {
    // Somebody restarted it between our look and this: what was wanted is so.
    const isRejected = error instanceof AdapterError && error.reason === 'rejected';
    if (!isRejected || !(await isRestarted(context, state))) throw error;
  }
}

/** Waits until it runs and completes a request. @throws AdapterError `timeout`. */
async function serving(context: ActContext, { before: { replica } }: State): Promise<string> {
  const { signal, service } = context;
  const runs = await waitUntil(
    async () => {
      const now = await currentProcess(context, replica);
      // Where names change with every start (pods), its successor has another.
      return now === undefined || now.state === 'running'
        ? { isThere: now !== undefined }
        : undefined;
    },
    { signal, withinMs: RUNNING_WITHIN_MS },
  );
  if (runs === undefined) {
    throw new AdapterError(
      'timeout',
      `${replica} does not run ${RUNNING_WITHIN_MS / 1000} s after its restart`,
    );
  }
  if (!runs.isThere) return `${replica} was replaced by another`;
  const { engine } = service;
  if (engine === undefined) return `${replica} runs`;
  let last = '';
  const told = await waitUntil(
    async () => {
      const probe = await probeEngine(engine, replica, { withinMs: PROBE_WITHIN_MS, signal });
      if (probe.kind === 'well') return `${replica} runs and completes`;
      if (probe.kind === 'unknown') return `${replica} runs (not probed: ${probe.why})`;
      last = probe.why;
      return undefined;
    },
    { signal, withinMs: COMPLETES_WITHIN_MS },
  );
  if (told !== undefined) return told;
  throw new AdapterError('timeout', `${replica} runs after its restart, but ${last}`);
}

/** Drains it, keeps the evidence, restarts it; nothing of it twice. */
async function drainAndRestart(context: ActContext, state: State): Promise<string> {
  const { replica, server } = state.before;
  if (await isRestarted(context, state)) return `${replica} was restarted already`;
  context.signal.throwIfAborted();
  if (server?.admin === 'ready') await setAdmin(context, { ...server, admin: 'drain' }, 'ready');
  const owner = {
    incidentId: state.desired.incidentId,
    name: `${replica}-generation-${state.before.generation}`,
  };
  const [left, kept] = await Promise.all([
    server === null ? 0 : drained(context, server, DRAIN_WITHIN_MS),
    keepForensics(context, replica, owner),
  ]);
  context.signal.throwIfAborted();
  await restart(context, state);
  return `${replica} restarted${left > 0 ? `, ${left} requests cut off` : ''}; ${kept}`;
}

/** Ends the drain that was only for the restart. What was drained before stays so. */
async function endDrain(context: ActContext, { before: { server } }: State): Promise<string> {
  if (server === null) return 'no load balancer';
  return setAdmin(context, server, server.admin === 'ready' ? 'drain' : server.admin);
}

/** Ends the drain of an attempt that failed with `error`, if that is for this attempt to do. */
async function restoreAfter(error: unknown, context: ActContext, state: State): Promise<void> {
  if (!(await mayRestore(context))) return;
  try {
    // It was just asked whether this may be done: an abort keeps nobody from putting things back.
    await endDrain({ ...context, fence: () => Promise.resolve() }, state);
  } catch (cause) {
    const { backend = '', server = '' } = state.before.server ?? {};
    const why = [error, cause].map((one) => (one instanceof Error ? one.message : String(one)));
    const message = `${why.join('; and then: ')}; ${backend}/${server} may be left in drain`;
    throw new AdapterError('unreachable', message, { cause });
  }
}

async function apply(context: ActContext, state: State): Promise<string> {
  try {
    const restarted = await drainAndRestart(context, state);
    const serves = await serving(context, state);
    return [restarted, serves, await endDrain(context, state)].join('; ');
  } catch (error) {
    // Whatever happened, the drain must not outlive the attempt that made it.
    await restoreAfter(error, context, state);
    throw error;
  }
}

/** Restarts the replica that fails: drained before, its evidence kept, put back when it completes again. */
export const restartService = defineAction({
  name: 'restart_service',
  state,
  irreversible:
    'a process that was restarted can’t get its requests and its cache back; the drain around it is ended',
  // A cold cache is slower for a while.
  settleMs: 5_000,
  timeoutMs: 180_000,
  async prepare(context) {
    const chosen = await findProcess(context);
    if (chosen.kind !== 'found') return chosen;
    const why = refusalToRestart(context, chosen);
    if (why !== undefined) return { kind: 'refuse', why };
    const { pool, server, suspect, process } = chosen;
    const { name: replica, generation } = process;
    const at =
      pool === undefined || server === undefined
        ? null
        : { backend: pool.backend, server: server.name, admin: server.admin };
    const where = `${pool?.backend ?? ''}/${server?.name ?? ''}`;
    const drains = at?.admin === 'ready';
    const calls = [
      ...(drains ? [`set server ${where} state drain`] : []),
      'archive its state and log',
      `restart if it is still generation ${generation}`,
      ...(drains ? [`set server ${where} state ready`] : []),
    ];
    return {
      kind: 'ready',
      before: { replica, generation, server: at },
      desired: {
        aboveGeneration: generation,
        incidentId: incidentIdOf(context.violation.fingerprint),
      },
      line: `restart ${replica}${worseThanPeers(suspect)}: ${calls.join('; ')}`,
      undoLine: drains ? `set server ${where} state ready, should it be left in drain` : '',
    };
  },
  apply,
  undo: endDrain,
});
