import { HYPOTHESES } from './hypotheses/index.js';
import type { RatedHypothesis, Recommendation } from './report.js';

/** More than ten are not read. */
const MOST_RECOMMENDATIONS = 10;
/** A hypothesis below 10 % earns no work. */
const LEAST_PROBABILITY = 0.1;

/**
 * What to do now about the likely causes, what to do later so that they don't return, and which evidence to
 * provide next time; at most ten, likeliest first.
 */
export function recommend(
  rated: readonly RatedHypothesis[],
  missing: readonly string[],
): Recommendation[] {
  const likely = rated.filter(({ probability }) => probability >= LEAST_PROBABILITY);
  const of = (
    hypothesis: RatedHypothesis,
    field: 'recommendations' | 'prevention',
  ): readonly string[] => HYPOTHESES.find(({ kind }) => kind === hypothesis.kind)?.[field] ?? [];
  const wanted: Omit<Recommendation, 'id' | 'status'>[] = [
    ...likely.flatMap((hypothesis) =>
      of(hypothesis, 'recommendations').map((text) => ({
        text: hypothesis.replica === undefined ? text : `${hypothesis.replica}: ${text}`,
        because: hypothesis.kind,
        priority: 'now' as const,
      })),
    ),
    ...likely.slice(0, 1).flatMap((hypothesis) =>
      of(hypothesis, 'prevention').map((text) => ({
        text,
        because: hypothesis.kind,
        priority: 'later' as const,
      })),
    ),
    ...missing.map((text) => ({
      text: `Make this evidence available for the next incident: ${text}`,
      because: 'missing-evidence' as const,
      priority: 'later' as const,
    })),
  ];
  return wanted
    .slice(0, MOST_RECOMMENDATIONS)
    .map((one, i) => ({ id: `r${i + 1}`, ...one, status: 'open' }));
}
