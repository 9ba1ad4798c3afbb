import type { ActionName } from '../../../src/domain/recovery/action.js';
import type { Violation } from '../../../src/domain/sla/violation.js';
import { NOW_MS, portsOf, type Ports } from '../action-run.js';
import { FakeFleet } from '../fake-fleet.js';

/** One action with a fleet that needs it, and one that must refuse it. */
export interface ActionCase {
  readonly name: ActionName;
  readonly violation: Partial<Violation>;
  /** A fleet on which the action is due. */
  readonly arrange: () => FakeFleet;
  /** What applying it does, in order. */
  readonly applied: readonly string[];
  /** What undoing it does after that, in order. */
  readonly undone: readonly string[];
  /** Effects that no repetition may double: they are not absolute settings. */
  readonly once: readonly string[];
  /** Changes the fleet or its ports so that the action is refused. */
  readonly forbid: (fleet: FakeFleet) => Partial<Ports>;
  readonly refusal: RegExp;
}

function failing(fleet = new FakeFleet()): FakeFleet {
  fleet.levelOf = (_, replica) => (replica === 'engine-2' ? 20 : 0);
  return fleet;
}

function others(fleet: FakeFleet): Partial<Ports> {
  for (const name of ['engine-1', 'engine-3', 'engine-4']) fleet.order(name, { admin: 'maint' });
  return {};
}

const service: Partial<Violation> = { replica: undefined };
const onlyRemain = /only 0 healthy servers would remain, at least 1 must$/;

/** All eight actions. */
export const CASES: readonly ActionCase[] = [
  {
    name: 'cache_invalidation',
    violation: {},
    arrange: () => {
      const fleet = new FakeFleet();
      fleet.levelOf = (metric, replica, atMs) => {
        if (metric !== 'prefix_cache_hit_percent') return undefined;
        return replica === 'engine-2' && atMs > NOW_MS - 120_000 ? 10 : 80;
      };
      return fleet;
    },
    applied: ['reset-cache engine-2'],
    undone: [],
    once: ['reset-cache engine-2'],
    forbid: (fleet) => {
      fleet.capabilities = ['completion'];
      return {};
    },
    refusal: /^engine-2 don’t offer \/reset_prefix_cache/,
  },
  {
    name: 'load_balancer_adjust',
    violation: {},
    arrange: failing,
    applied: ['weight engine-2 10'],
    undone: ['weight engine-2 100'],
    once: ['weight engine-2 10'],
    forbid: others,
    refusal: onlyRemain,
  },
  {
    name: 'traffic_routing',
    violation: {},
    arrange: failing,
    applied: ['admin engine-2 drain'],
    undone: ['admin engine-2 ready'],
    once: ['admin engine-2 drain'],
    forbid: others,
    refusal: onlyRemain,
  },
  {
    name: 'scale_resources',
    violation: service,
    arrange: () => new FakeFleet(),
    applied: ['scale 5', 'add engine-5 127.0.0.1:18105'],
    undone: ['admin engine-5 drain', 'remove engine-5', 'scale 4'],
    once: ['scale 5', 'add engine-5 127.0.0.1:18105'],
    forbid: () => ({ control: undefined }),
    refusal: /^service "chat" has no supervisor configured$/,
  },
  {
    name: 'circuit_breaker_open',
    violation: {},
    arrange: failing,
    applied: ['breaker engine-2 open'],
    undone: ['breaker engine-2 closed'],
    once: ['breaker engine-2 open'],
    forbid: others,
    refusal: onlyRemain,
  },
  {
    name: 'health_check_reset',
    violation: {},
    arrange: () => {
      const fleet = failing();
      fleet.order('engine-2', { isUp: false });
      return fleet;
    },
    applied: ['admin engine-2 maint', 'admin engine-2 ready'],
    undone: [],
    once: ['admin engine-2 maint', 'admin engine-2 ready'],
    forbid: () => ({ engine: undefined }),
    refusal: /^service "chat" has no engine administration configured$/,
  },
  {
    name: 'restart_service',
    violation: {},
    arrange: failing,
    applied: ['admin engine-2 drain', 'restart engine-2', 'admin engine-2 ready'],
    undone: [],
    once: ['restart engine-2'],
    forbid: others,
    refusal: onlyRemain,
  },
  {
    name: 'deployment_rollback',
    violation: service,
    arrange: () => {
      const fleet = new FakeFleet();
      fleet.deploy('r2');
      return fleet;
    },
    applied: ['activate r1'],
    undone: ['activate r2'],
    once: ['activate r1'],
    forbid: (fleet) => {
      fleet.deploy('r1');
      return {};
    },
    refusal: /^no release of "chat" is known to have run before r1$/,
  },
];

/** A fleet with the ports that the case leaves. */
export function forbidden(one: ActionCase): { fleet: FakeFleet; ports: Ports } {
  const fleet = one.arrange();
  const change = one.forbid(fleet);
  return { fleet, ports: { ...portsOf(fleet), ...change } };
}
