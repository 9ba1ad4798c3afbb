import type { PolicyOverlay } from '../config/policy-overlay-schema.js';
import type { Config } from '../config/schema.js';
import type { RecoveryPolicy } from '../domain/recovery/policy.js';

/**
 * How recoveries act: what holds everywhere, changed by what the environment has otherwise, and that
 * by what the service has, where one is named.
 */
export function recoveryPolicyOf(config: Config, service?: string): RecoveryPolicy {
  const { recovery, environment, detector } = config;
  const overlays = [
    recovery.environments[environment],
    service === undefined ? undefined : recovery.services[service],
  ];
  const { approval, blastRadius, verification, ...merged } = overlays.reduce(overlaid, recovery);
  return {
    maxConcurrent: merged.maxConcurrent,
    maxPerHour: merged.maxPerHour,
    cooldownMs: merged.cooldown,
    stormAbove: merged.stormAbove,
    autonomy: merged.autonomy,
    approvalTimeoutMs: approval.timeout,
    onApprovalTimeout: approval.onTimeout,
    asksBeforeRollback: merged.rollback === 'approve',
    minHealthyReplicas: blastRadius.minHealthyReplicas,
    maxSharePercent: blastRadius.maxSharePercent,
    minSamples: verification.minSamples,
    compliantPercent: verification.compliantPercent,
    holdMs: verification.hold,
    verifyTimeoutMs: verification.timeout,
    worsePercent: verification.worsePercent,
    releaseAfterWindows: merged.releaseAfterWindows,
    releaseRampPercent: merged.releaseRamp,
    sliWindowMs: detector.sliWindow,
  };
}

/** The policies of the services that have one of their own, by name. */
export function servicePoliciesOf(config: Config): ReadonlyMap<string, RecoveryPolicy> {
  const names = Object.keys(config.recovery.services);
  return new Map(names.map((name) => [name, recoveryPolicyOf(config, name)]));
}

type Recovery = Config['recovery'];

/** Keys that are left out stay as they are, also within groups. */
function overlaid(base: Recovery, overlay: PolicyOverlay | undefined): Recovery {
  if (overlay === undefined) return base;
  const over = <T extends object>(
    a: T,
    b: { [K in keyof T]?: T[K] | undefined } | undefined,
  ): T => ({
    ...a,
    ...Object.fromEntries(Object.entries(b ?? {}).filter(([, value]) => value !== undefined)),
  });
  const { autonomy, approval, blastRadius, verification, ...plain } = overlay;
  return {
    ...over(base, plain),
    autonomy: over(base.autonomy, autonomy),
    approval: over(base.approval, approval),
    blastRadius: over(base.blastRadius, blastRadius),
    verification: over(base.verification, verification),
  };
}
