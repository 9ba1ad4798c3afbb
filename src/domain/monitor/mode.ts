import { severityRank, type Severity } from '../sla/severity.js';

/** How alert paramedic is; from calm to grave, and the one that only operators and schedules enter. */
export const MODES = ['normal', 'high-alert', 'emergency', 'maintenance'] as const;
export type Mode = (typeof MODES)[number];
/** The modes that follow from what is measured. */
export type AutomaticMode = Exclude<Mode, 'maintenance'>;

/** Least time between two alerts of one fingerprint, in ms: the design document's figures. */
export const DEFAULT_COOLDOWN_MS: Readonly<Record<Mode, number>> = {
  normal: 300_000,
  'high-alert': 60_000,
  emergency: 30_000,
  maintenance: 900_000,
};

/** What decides the mode: violations that are open now, by their severity, and compliance, 0..100. */
export interface ModeFacts {
  readonly active: readonly Severity[];
  readonly compliancePercent: number;
}

/** So many open violations make an emergency. */
const EMERGENCY_FROM = 3;
/** Below it, alert without a violation; from the other one on, calm again. */
const ALERT_BELOW_PERCENT = 95;
const CALM_FROM_PERCENT = 99;

/**
 * The mode after `current`, by the design document's rules: a critical violation or three open make an
 * emergency; one open, or compliance under 95 %, makes high alert, but does not end an emergency; none
 * open and compliance of 99 % or more makes it normal. In between it stays as it is.
 */
export function nextMode(current: AutomaticMode, facts: ModeFacts): AutomaticMode {
  const { active, compliancePercent } = facts;
  const hasCritical = active.some((s) => severityRank(s) >= severityRank('critical'));
  if (hasCritical || active.length >= EMERGENCY_FROM) return 'emergency';
  if (active.length > 0 || compliancePercent < ALERT_BELOW_PERCENT) {
    return current === 'emergency' ? 'emergency' : 'high-alert';
  }
  return compliancePercent >= CALM_FROM_PERCENT ? 'normal' : current;
}

/** Those facts in words: why the mode is what it is. */
export function describeFacts({ active, compliancePercent }: ModeFacts): string {
  const critical = active.filter((s) => s === 'critical').length;
  const open = active.length === 0 ? 'no violation is open' : `${active.length} open`;
  const grave = critical === 0 ? '' : ` (${critical} critical)`;
  return `${open}${grave}, ${(Math.floor(compliancePercent * 10) / 10).toString()} % compliant`;
}
