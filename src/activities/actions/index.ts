import type { ActionName } from '../../domain/recovery/action.js';
import type { Action } from './action.js';
import { cacheInvalidation } from './cache-invalidation.js';
import { circuitBreakerOpen } from './circuit-breaker-open.js';
import { deploymentRollback } from './deployment-rollback.js';
import { healthCheckReset } from './health-check-reset.js';
import { loadBalancerAdjust } from './load-balancer-adjust.js';
import { restartService } from './restart-service.js';
import { scaleResources } from './scale-resources.js';
import { trafficRouting } from './traffic-routing.js';

/** Every action that can be carried out, by name. To add one: a file, and a line here. */
export const ACTIONS: Readonly<Partial<Record<ActionName, Action>>> = {
  cache_invalidation: cacheInvalidation,
  load_balancer_adjust: loadBalancerAdjust,
  traffic_routing: trafficRouting,
  scale_resources: scaleResources,
  circuit_breaker_open: circuitBreakerOpen,
  health_check_reset: healthCheckReset,
  restart_service: restartService,
  deployment_rollback: deploymentRollback,
};
