import type { Coordination, ServiceWorld, World } from '../../src/activities/world.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import { FakeFleet } from './fake-world.js';

/** A fleet in memory has nothing to settle; long enough to be a time of its own. */
const SETTLE_MS = 300;

/** Several services in one world, each with a fleet and a policy of its own: incidents that don't meet. */
export class ManyServices {
  /** What the workflows wrote, of all services. */
  readonly ledger = new FakeFleet();
  /** Of all services; those that are added later are there as well. */
  readonly world: World;
  private readonly fleets = new Map<string, FakeFleet>();
  private readonly services = new Map<string, ServiceWorld>();
  private readonly policies = new Map<string, RecoveryPolicy>();

  constructor(
    private readonly coordination: Coordination,
    policy: Partial<RecoveryPolicy>,
  ) {
    const shared = this.ledger.world(coordination, policy);
    this.world = {
      ...shared,
      services: this.services,
      servicePolicies: this.policies,
      procedures: shared.procedures.map((one) => ({
        ...one,
        steps: one.steps.map((step) => ({ ...step, settleMs: SETTLE_MS })),
      })),
      history: {
        range: async (query) => (await this.fleets.get(query.service)?.history.range(query)) ?? [],
      },
    };
  }

  /** Adds a service. */
  add(service: string, policy: Partial<RecoveryPolicy>): FakeFleet {
    const fleet = new FakeFleet();
    const own = fleet.world(this.coordination).services.get('chat');
    if (own === undefined) throw new RangeError('a fleet without its service');
    this.fleets.set(service, fleet);
    this.services.set(service, { ...own, name: service });
    this.policies.set(service, { ...this.world.policy, ...policy });
    return fleet;
  }
}
