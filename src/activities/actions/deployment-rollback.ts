import { z } from 'zod';
import { AdapterError, type ReleaseInfo, type ReplicaProcess } from '../../domain/ports.js';
import { defineAction, type ActContext, type PrepareContext } from './action.js';
import { releaseBefore } from './release-order.js';
import { deploymentOf, wanted } from './supervisor.js';
import { waitUntil } from './wait-until.js';

const setting = z.object({ release: z.string() });
const state = z.object({ before: setting, desired: setting });
type Setting = z.output<typeof setting>;

/** A roll-out replaces one replica after another, each of which loads its weights. */
const ROLLED_OUT_WITHIN_MS = 120_000;

/**
 * Waits until the replicas that run do so on that release and none is starting, where a supervisor
 * can tell. One that crashes is not waited for: it may have reasons of its own.
 */
async function rolledOut(
  context: ActContext,
  release: string,
  known: readonly ReleaseInfo[],
): Promise<void> {
  const { control, name } = context.service;
  if (control === undefined) return;
  // A supervisor may name the releases of processes in another way than deployments do.
  const isComparable = (p: ReplicaProcess) => known.some(({ id }) => id === p.release);
  const isSo = await waitUntil(
    async () => {
      const all = wanted(await control.replicas(name));
      const runs = all.filter((p) => p.state === 'running');
      const isOver = runs.length > 0 && !all.some((p) => p.state === 'starting');
      return isOver && runs.every((p) => p.release === release || !isComparable(p))
        ? true
        : undefined;
    },
    { signal: context.signal, withinMs: ROLLED_OUT_WITHIN_MS },
  );
  if (isSo === true) return;
  const waited = `${ROLLED_OUT_WITHIN_MS / 1000} s`;
  throw new AdapterError('timeout', `"${name}" does not run on ${release} wholly after ${waited}`);
}

async function activate(
  context: ActContext,
  { release }: Setting,
  ifRelease: string,
): Promise<string> {
  const { name } = context.service;
  const deployment = deploymentOf(context);
  const { active, known } = await deployment.releases(name);
  context.signal.throwIfAborted();
  if (active !== release && active !== ifRelease) {
    return `${active} is active, set by somebody else since: left alone`;
  }
  if (active === ifRelease) {
    await context.fence();
    await deployment.activate(name, { operationId: context.operationId, release, ifRelease });
  }
  // Also where it was active already: an attempt before this one may have died in the roll-out.
  await rolledOut(context, release, known);
  return active === release ? `${release} is active already` : `release ${active} → ${release}`;
}

/** Why the release is not to blame: a single replica fails, others run the same and do not. */
async function notToBlame({ service, target }: PrepareContext): Promise<string | undefined> {
  if (target.replica === undefined || service.control === undefined) return undefined;
  const all = wanted(await service.control.replicas(service.name));
  const own = all.find(({ name }) => name === target.replica);
  const alike = all.filter((p) => p !== own && p.release === own?.release);
  if (own === undefined || alike.length === 0) return undefined;
  return `only ${own.name} is affected; ${alike.map(({ name }) => name).join(', ')} run release ${own.release} as well`;
}

/** Puts the service back on the release that ran before the active one. */
export const deploymentRollback = defineAction({
  name: 'deployment_rollback',
  state,
  lasting: 'a release that failed is not tried on users again: a person deploys the next one',
  settleMs: 5_000,
  timeoutMs: 240_000,
  async prepare(context) {
    const { service } = context;
    const { deployment, name } = service;
    if (deployment === undefined) {
      return { kind: 'refuse', why: `service "${name}" has no deployment configured` };
    }
    const [{ active, known }, changes, why] = await Promise.all([
      deployment.releases(name),
      deployment.changes(name, 0),
      notToBlame(context),
    ]);
    if (why !== undefined) return { kind: 'skip', why };
    const asked = context.parameters?.release;
    if (asked !== undefined && !known.some(({ id }) => id === asked)) {
      return { kind: 'refuse', why: `release "${asked}" of "${name}" is not known` };
    }
    if (asked === active) return { kind: 'skip', why: `release ${active} is active already` };
    const release = asked ?? releaseBefore(active, known, changes);
    if (release === undefined) {
      return {
        kind: 'refuse',
        why: `no release of "${name}" is known to have run before ${active}`,
      };
    }
    const sinceMs = known.find(({ id }) => id === active)?.activatedAtMs;
    const since = sinceMs === undefined ? '' : `, active since ${new Date(sinceMs).toISOString()}`;
    return {
      kind: 'ready',
      before: { release: active },
      desired: { release },
      line: `roll ${name} back: activate release ${release} (now ${active}${since}), one replica after another`,
      undoLine: `activate release ${active} of ${name} again`,
    };
  },
  apply: (context, { before, desired }) => activate(context, desired, before.release),
  undo: (context, { before, desired }) => activate(context, before, desired.release),
});
