import type { ActionName } from '../../src/domain/recovery/action.js';
import type { CrashFleet } from './crash-fleet.js';
import type { Effect } from './crash-worker-settings.js';

/** An action on a real fleet, at one effect of which its worker is killed. */
export interface CrashCase {
  readonly name: string;
  readonly action: ActionName;
  /** At this one. */
  readonly effect: Effect;
  /** Everything that the gateway and the supervisor saw change in all, sorted; `it` is the replica. */
  effects(it: string): readonly string[];
  /** Brings the fleet into the state that the action changes. */
  arrange?(fleet: CrashFleet, it: string): Promise<unknown>;
  /** What must be so in the end, beside those effects. */
  readonly check?: (fleet: CrashFleet, it: string) => Promise<boolean>;
  /** Undoes by hand what the action did. */
  restore?(fleet: CrashFleet, it: string): Promise<unknown>;
}

const PROMPT = 'the same long prompt again, so that its blocks are found. '.repeat(20);

async function complete(fleet: CrashFleet, it: string): Promise<void> {
  await fleet.engine(it, 'POST', '/v1/completions', { prompt: PROMPT, max_tokens: 1 });
}

/** Tokens that the engine's prefix cache has saved so far. */
async function hitTokens(fleet: CrashFleet, it: string): Promise<number> {
  const url = fleet.process.replicas.find(({ name }) => name === it)?.url ?? '';
  const page = await (await fetch(`${url}/metrics`)).text();
  const value = /^aphrodite:prefix_cache_hits(?:_total)?(?:\{[^}]*\})? (?<value>\S+)$/m.exec(page);
  return Number(value?.groups?.['value']);
}

const RESTARTED = (it: string) => [
  `restart ${it}`,
  `set server engines/${it} state drain`,
  `set server engines/${it} state ready`,
];

/** Those of one replica. */
export const REPLICA_CASES: readonly CrashCase[] = [
  {
    name: 'load_balancer_adjust',
    action: 'load_balancer_adjust',
    effect: 'setWeight',
    effects: (it) => [`set server engines/${it} weight`],
    restore: (fleet, it) => fleet.balancer.setWeight('engines', it, 100),
  },
  {
    name: 'traffic_routing',
    action: 'traffic_routing',
    effect: 'setAdmin',
    effects: (it) => [`set server engines/${it} state drain`],
    restore: (fleet, it) => fleet.balancer.setAdmin('engines', it, 'ready'),
  },
  {
    name: 'restart_service, at its drain',
    action: 'restart_service',
    effect: 'setAdmin',
    effects: RESTARTED,
  },
  {
    name: 'restart_service, at its restart',
    action: 'restart_service',
    effect: 'restart',
    effects: RESTARTED,
  },
  {
    name: 'cache_invalidation',
    action: 'cache_invalidation',
    effect: 'resetPrefixCache',
    effects: () => [],
    async arrange(fleet, it) {
      await complete(fleet, it);
      await complete(fleet, it);
      if (!((await hitTokens(fleet, it)) > 0)) throw new Error(`${it} has no warm cache to empty`);
    },
    async check(fleet, it) {
      const before = await hitTokens(fleet, it);
      await complete(fleet, it);
      return (await hitTokens(fleet, it)) === before;
    },
  },
  {
    name: 'health_check_reset',
    action: 'health_check_reset',
    effect: 'setPaused',
    effects: () => [],
    arrange: (fleet, it) => fleet.engine(it, 'POST', '/pause?mode=keep'),
    async check(fleet, it) {
      await complete(fleet, it);
      return !(await fleet.engine<{ is_paused: boolean }>(it, 'GET', '/is_paused')).is_paused;
    },
  },
];

/** Through the breaker's own workflow, which acts on the same queue. */
export const BREAKER_CASE: CrashCase = {
  name: 'circuit_breaker_open',
  action: 'circuit_breaker_open',
  effect: 'setAdmin',
  effects: (it) => [`set server engines/${it} state drain`],
  restore: (fleet, it) => fleet.balancer.setAdmin('engines', it, 'ready'),
};

/** Those of the whole service; `it` is the replica that is added. */
export const SERVICE_CASES: readonly CrashCase[] = [
  {
    name: 'deployment_rollback',
    action: 'deployment_rollback',
    effect: 'activate',
    effects: () => ['release fleet'],
    arrange: (fleet) => fleet.supervise({ release: 'r2', ifRelease: 'r1' }),
  },
  {
    name: 'scale_resources',
    action: 'scale_resources',
    effect: 'scale',
    effects: (it) => [
      `add server engines/${it}`,
      `enable health engines/${it}`,
      `enable server engines/${it}`,
      'scale fleet',
    ],
    async restore(fleet, it) {
      await fleet.balancer.setAdmin('engines', it, 'maint');
      await fleet.balancer.removeServer('engines', it);
      await fleet.supervise({ replicas: fleet.process.replicas.length });
    },
  },
];
