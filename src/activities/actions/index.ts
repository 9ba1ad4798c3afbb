import type { ActionName } from '../../domain/recovery/action.js';
import type { Action } from './action.js';
import { cacheInvalidation } from './cache-invalidation.js';
import { loadBalancerAdjust } from './load-balancer-adjust.js';
import { trafficRouting } from './traffic-routing.js';

/** Every action that can be carried out, by name. To add one: a file, and a line here. */
export const ACTIONS: Readonly<Partial<Record<ActionName, Action>>> = {
  cache_invalidation: cacheInvalidation,
  load_balancer_adjust: loadBalancerAdjust,
  traffic_routing: trafficRouting,
};
