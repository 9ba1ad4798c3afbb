/** The eight actions of the design document: each is one external change with its undo. */
export const ACTION_NAMES = [
  'cache_invalidation',
  'load_balancer_adjust',
  'traffic_routing',
  'scale_resources',
  'circuit_breaker_open',
  'health_check_reset',
  'restart_service',
  'deployment_rollback',
] as const;
export type ActionName = (typeof ACTION_NAMES)[number];

/** What an action may do unasked: nothing, say what it would do, ask first, or act. */
export const AUTONOMIES = ['observe', 'suggest', 'approve', 'auto'] as const;
export type Autonomy = (typeof AUTONOMIES)[number];

/** Reversible actions act on their own; reverting a release asks first (FEATURES, section 2). */
export const DEFAULT_AUTONOMY: Readonly<Record<ActionName, Autonomy>> = {
  cache_invalidation: 'auto',
  load_balancer_adjust: 'auto',
  traffic_routing: 'auto',
  scale_resources: 'auto',
  circuit_breaker_open: 'auto',
  health_check_reset: 'auto',
  restart_service: 'auto',
  deployment_rollback: 'approve',
};
