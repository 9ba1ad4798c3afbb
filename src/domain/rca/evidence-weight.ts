import type { EvidenceFamily, MeasuredSeries } from './measured-series.js';
import { familyOf } from './measured-series.js';
import { badDirection } from './metric-kind.js';

/**
 * How much a family counts against a service.
 *
 * Work (bytes, system calls) follows the load, and a memory level below its limit slows nobody: both are
 * half a reason. The rest is either what callers feel or what a process runs out of.
 */
export function weightOf(family: EvidenceFamily): number {
  return family === 'work' || family === 'memory' ? 0.5 : 1;
}

/**
 * A jump as evidence: its size in units, weighted; 0 for an improvement of what callers feel.
 *
 * A latency that fell or an availability that rose is never a cause. A resource that fell is evidence of
 * work that is missing, as much as work itself.
 */
export function weighJump(family: EvidenceFamily, series: MeasuredSeries, jump: number): number {
  const direction = badDirection(series.kind.quantity);
  const isWorse = direction === 0 || jump * direction >= 0;
  if (isWorse) return Math.abs(jump) * weightOf(family);
  return isFelt(family) ? 0 : Math.abs(jump) * weightOf('work');
}

/** Families that a caller feels, as against resources that only the process itself knows of. */
export function isFelt(family: EvidenceFamily): boolean {
  return (
    family === 'latency' ||
    family === 'edge' ||
    family === 'gap' ||
    family === 'availability' ||
    family === 'errors'
  );
}

/** A series with the family of evidence it is. */
export interface EvidenceSeries extends MeasuredSeries {
  readonly family: EvidenceFamily;
}

/** The series that may speak against a service, with their families; those of the host and traffic not. */
export function evidenceSeries(
  measured: readonly MeasuredSeries[],
  gaps: readonly MeasuredSeries[],
): EvidenceSeries[] {
  const own = measured.flatMap((series) => {
    const family = familyOf(series.kind);
    return family !== undefined && series.scale > 0 ? [{ ...series, family }] : [];
  });
  return [...own, ...gaps.map((series) => ({ ...series, family: 'gap' as const }))];
}
