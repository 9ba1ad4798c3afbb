import { ACTION_NEEDS, type ActionName } from '../domain/recovery/action.js';
import type { ServiceWorld, World } from '../activities/world.js';
import { reachesOf, uncarried } from '../activities/prerequisites.js';

/** One thing that recoveries can't do here, and why; the plan leaves it out, and says so. */
export interface ActionGap {
  readonly service: string;
  readonly procedure: string;
  /** Undefined: the whole procedure is refused. */
  readonly action: ActionName | undefined;
  readonly why: string;
}

/** How long the start waits for an engine to say what it offers. */
const ASK_WITHIN_MS = 3_000;

/**
 * What of the procedures in force can't be carried out on which service: actuators that aren't
 * configured, and what the engines say that they don't offer. An engine that does not answer now is
 * not held against it: each step looks again before it acts.
 */
export async function reportActions(world: World): Promise<readonly ActionGap[]> {
  const gaps: ActionGap[] = [];
  for (const service of world.services.values()) {
    const reaches = reachesOf(service);
    const withoutReset = await lacksCacheReset(service);
    for (const procedure of world.procedures) {
      if (!procedure.isEnabled || !(procedure.services?.includes(service.name) ?? true)) continue;
      const at = { service: service.name, procedure: procedure.name };
      const refused = uncarried(procedure, service);
      if (refused !== undefined) {
        gaps.push({ ...at, action: undefined, why: `it is refused, it needs ${refused}` });
        continue;
      }
      for (const { action } of [...procedure.steps, ...procedure.onFailure]) {
        const needs = ACTION_NEEDS[action];
        if (!needs.some((need) => reaches.includes(need))) {
          gaps.push({ ...at, action, why: `the service has no ${needs.join(' or ')} configured` });
        } else if (action === 'deployment_rollback' && service.deployment === undefined) {
          gaps.push({ ...at, action, why: 'its supervisor knows no releases' });
        } else if (isReplicas(action) && service.control === undefined) {
          gaps.push({ ...at, action, why: 'its supervisor starts and stops no replicas' });
        } else if (action === 'cache_invalidation' && withoutReset !== undefined) {
          gaps.push({ ...at, action, why: withoutReset });
        }
      }
    }
  }
  return gaps;
}

const isReplicas = (action: ActionName) =>
  action === 'scale_resources' || action === 'restart_service';

/** Why no engine of the service can empty its cache, where all that answer say so. */
async function lacksCacheReset({ engine, replicas }: ServiceWorld): Promise<string | undefined> {
  if (engine === undefined) return undefined;
  const answers = await Promise.allSettled(
    replicas.map(({ name }) => within(engine.capabilities(name), ASK_WITHIN_MS)),
  );
  const told = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (told.length === 0 || told.some((offers) => offers.has('reset-prefix-cache')))
    return undefined;
  return 'no engine offers /reset_prefix_cache: start them in development mode to allow it';
}

async function within<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
