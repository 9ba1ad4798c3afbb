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

/** Ways of reaching a service, as the configuration names them. */
export const REACHES = ['loadBalancer', 'engine', 'supervisor'] as const;
export type Reach = (typeof REACHES)[number];

/**
 * What each action can't do without. A list of several: any one of them will do, since the action
 * takes the way that there is.
 */
export const ACTION_NEEDS: Readonly<Record<ActionName, readonly Reach[]>> = {
  cache_invalidation: ['engine'],
  load_balancer_adjust: ['loadBalancer'],
  traffic_routing: ['loadBalancer'],
  scale_resources: ['supervisor'],
  circuit_breaker_open: ['loadBalancer'],
  health_check_reset: ['engine', 'loadBalancer'],
  restart_service: ['supervisor'],
  deployment_rollback: ['supervisor'],
};

/** What a step may tell its action; each action knows its own. */
export interface ActionParameters {
  /** `load_balancer_adjust`: percent of the configured weight, instead of what the slowness asks for. */
  readonly weightPercent?: number | undefined;
  /** `scale_resources`: how many replicas are added. */
  readonly add?: number | undefined;
  /** `scale_resources`: the most replicas that the service may have then. */
  readonly max?: number | undefined;
  /** `deployment_rollback`: the release to go to, instead of the one before. */
  readonly release?: string | undefined;
}

/** Which action takes which parameters; an action that is not listed takes none. */
export const ACTION_PARAMETERS: Readonly<
  Partial<Record<ActionName, readonly (keyof ActionParameters)[]>>
> = {
  load_balancer_adjust: ['weightPercent'],
  scale_resources: ['add', 'max'],
  deployment_rollback: ['release'],
};
