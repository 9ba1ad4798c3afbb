import { z } from 'zod';
import { AdapterError, type ReplicaProcess } from '../../domain/ports.js';
import { defineAction, type ActContext } from './action.js';
import { balancerOf, currentServer } from './balancer.js';
import { drained } from './drained.js';
import { handOn, type Stacking } from './hand-on.js';
import { serverNameOf } from './server-target.js';
import { controlOf, wanted } from './supervisor.js';
import { waitUntil } from './wait-until.js';

const state = z.object({
  before: z.object({ replicas: z.number(), names: z.array(z.string()) }),
  desired: z.object({
    replicas: z.number(),
    /** Where new replicas are added; null where the service has no load balancer. */
    balancer: z.object({ backend: z.string(), weight: z.number() }).nullable(),
  }),
});
type State = z.output<typeof state>;

/** An engine loads its weights before it runs; larger ones take longer than one attempt, and are found by the next. */
const START_WITHIN_MS = 60_000;
/** How long a replica that leaves may finish its requests. */
const DRAIN_WITHIN_MS = 15_000;

/** What undoing it does, in words and exact calls. */
function undoLineOf(service: string, { before, desired }: State): string {
  const count = desired.replicas - before.replicas;
  const servers = count === 1 ? 'the added server' : 'the added servers';
  const removing = desired.balancer === null ? '' : `drain and remove ${servers}, then `;
  return `${removing}scale ${service} back to ${before.replicas} replicas`;
}

/** One that was added on top of another goes together with it, when the later of both is undone. */
const stackingIn = (service: string): Stacking<State> => ({
  state,
  isOn: (theirs, mine) => theirs.before.replicas === mine.desired.replicas,
  joined: ({ desired }, { before }) => {
    const both = { before, desired };
    return { ...both, undoLine: undoLineOf(service, both) };
  },
});

async function processes(context: ActContext): Promise<readonly ReplicaProcess[]> {
  return wanted(await controlOf(context).replicas(context.service.name));
}

/** Those that were not there before. */
function added(now: readonly ReplicaProcess[], { before }: State): readonly ReplicaProcess[] {
  return now.filter(({ name }) => !before.names.includes(name));
}

async function scaleUp(context: ActContext, { before, desired }: State): Promise<void> {
  await context.fence();
  await controlOf(context).scale(context.service.name, {
    operationId: context.operationId,
    replicas: desired.replicas,
    ifReplicas: before.replicas,
  });
}

/** Waits until every new replica runs. @throws AdapterError `timeout`, which a later attempt may find over. */
async function running(context: ActContext, state: State): Promise<readonly ReplicaProcess[]> {
  const found = await waitUntil(
    async () => {
      const fresh = added(await processes(context), state);
      const isThere = fresh.length >= state.desired.replicas - state.before.replicas;
      return isThere && fresh.every((p) => p.state === 'running') ? fresh : undefined;
    },
    { signal: context.signal, withinMs: START_WITHIN_MS },
  );
  if (found !== undefined) return found;
  throw new AdapterError(
    'timeout',
    `the new replica of "${context.service.name}" does not run after ${START_WITHIN_MS / 1000} s`,
  );
}

/** Takes one out of the balancer: it finishes what it has, within limits. */
async function removeServer(context: ActContext, backend: string, server: string): Promise<string> {
  const at = { backend, server };
  const now = await currentServer(context, at);
  if (now === undefined) return `${backend}/${server} is not there`;
  if (now.admin === 'ready') {
    await context.fence();
    await balancerOf(context).setAdmin(backend, server, 'drain');
  }
  const left = await drained(context, at, DRAIN_WITHIN_MS);
  await context.fence();
  await balancerOf(context).removeServer(backend, server);
  return `${backend}/${server} removed${left > 0 ? ` with ${left} requests unfinished` : ''}`;
}

async function removeServers(
  context: ActContext,
  { desired: { balancer } }: State,
  leaving: readonly ReplicaProcess[],
): Promise<string[]> {
  const told: string[] = [];
  if (balancer === null) return told;
  for (const { name } of leaving) {
    const server = serverNameOf(context.service, name);
    told.push(await removeServer(context, balancer.backend, server));
  }
  return told;
}

async function undoScale(context: ActContext, state: State): Promise<string> {
  const { before, desired } = state;
  const now = await processes(context);
  if (now.length === before.replicas) return `${now.length} replicas, as before`;
  if (now.length !== desired.replicas) {
    const left = await handOn(context, state, stackingIn(context.service.name));
    return `${now.length} replicas, ${left ?? 'set by somebody else since: left alone'}`;
  }
  const fresh = added(now, state);
  // Where names change with every start (pods), more may be new than we added: which one leaves is
  // known only afterwards, and draining all of them would cost capacity.
  const isCertain = fresh.length === desired.replicas - before.replicas;
  const told = await removeServers(context, state, isCertain ? fresh : []);
  await context.fence();
  await controlOf(context).scale(context.service.name, {
    operationId: context.operationId,
    replicas: before.replicas,
    ifReplicas: desired.replicas,
  });
  told.push(`${desired.replicas} → ${before.replicas} replicas`);
  if (!isCertain) {
    const left = (await processes(context)).map(({ name }) => name);
    const gone = fresh.filter(({ name }) => !left.includes(name));
    told.push(...(await removeServers(context, state, gone)));
  }
  return told.join('; ');
}

/**
 * Adds one replica to the service, and puts it behind the load balancer when it runs. Where an
 * autoscaler owns the number, its refusal ends the step.
 */
export const scaleResources = defineAction({
  name: 'scale_resources',
  state,
  // The balancer's checks let it in within 2 s; its cache is cold for a while longer.
  settleMs: 5_000,
  timeoutMs: 150_000,
  async prepare({ service, parameters }) {
    const { control, loadBalancer } = service;
    if (control === undefined) {
      return { kind: 'refuse', why: `service "${service.name}" has no supervisor configured` };
    }
    const [all, servers] = await Promise.all([
      control.replicas(service.name),
      loadBalancer?.port.servers(loadBalancer.backend),
    ]);
    const stopped = all.filter(({ state }) => state === 'stopped');
    if (stopped.length > 0) {
      // Supervisors differ in whether they count it: a wrong number would start or remove another.
      const names = stopped.map(({ name }) => name).join(', ');
      return { kind: 'refuse', why: `${names} was stopped by hand: start it, or scale it away` };
    }
    const starting = all.find(({ state }) => state === 'starting');
    if (starting !== undefined) {
      return { kind: 'skip', why: `${starting.name} is starting: it adds capacity already` };
    }
    const { add = 1, max = Infinity } = parameters ?? {};
    const replicas = Math.min(all.length + add, max);
    if (replicas <= all.length) {
      return {
        kind: 'refuse',
        why: `${service.name} has ${all.length} replicas, at most ${max} may be`,
      };
    }
    const count = replicas - all.length;
    const weight = servers?.[0]?.initialWeight ?? 100;
    const balancer = loadBalancer === undefined ? null : { backend: loadBalancer.backend, weight };
    const adding =
      balancer === null
        ? ''
        : `, then add server ${balancer.backend}/<its name> <its address> weight ${weight}`;
    const before = { replicas: all.length, names: all.map(({ name }) => name) };
    const desired = { replicas, balancer };
    return {
      ...{ kind: 'ready', before, desired },
      line: `add ${count === 1 ? 'a replica' : `${count} replicas`} to ${service.name}: scale ${all.length} → ${replicas}${adding}`,
      undoLine: undoLineOf(service.name, { before, desired }),
    };
  },
  async apply(context, state) {
    const { before, desired } = state;
    const now = await processes(context);
    context.signal.throwIfAborted();
    if (now.length === before.replicas) await scaleUp(context, state);
    else if (now.length !== desired.replicas) {
      return `${now.length} replicas, set by somebody else since: left alone`;
    }
    const fresh = await running(context, state);
    const told = [`${before.replicas} → ${desired.replicas} replicas`];
    if (desired.balancer === null) return told.join('; ');
    const { backend, weight } = desired.balancer;
    for (const { name, address } of fresh) {
      const server = serverNameOf(context.service, name);
      await context.fence();
      await balancerOf(context).addServer(backend, { name: server, address, weight });
      told.push(`${backend}/${server} added at ${address}`);
    }
    return told.join('; ');
  },
  undo: undoScale,
});
