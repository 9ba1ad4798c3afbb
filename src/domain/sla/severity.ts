import { limitOf, type Threshold } from './threshold.js';

/** From mild to grave; the order is the rank. */
export const SEVERITIES = ['minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Rank of a severity, 0 for minor: severities are compared by it, never as strings. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The graver of two. */
export function graver(a: Severity, b: Severity): Severity {
  return severityRank(a) >= severityRank(b) ? a : b;
}

/**
 * Severity by how far the window's median is beyond the limit, in percent of the limit:
 * under 5 minor, up to 15 major, over 15 critical (design document). A limit of 0 makes any
 * excess critical, since no share of it can be taken.
 */
export function severityOf(
  median: number,
  threshold: Pick<Threshold, 'target' | 'tolerancePercent' | 'direction'>,
): Severity {
  const limit = limitOf(threshold);
  const excess = threshold.direction === 'upper' ? median - limit : limit - median;
  if (limit === 0) return excess > 0 ? 'critical' : 'minor';
  const percent = (100 * excess) / Math.abs(limit);
  if (percent > 15) return 'critical';
  return percent >= 5 ? 'major' : 'minor';
}
