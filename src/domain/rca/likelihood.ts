/**
 * What speaks for "none of these" from the start, in log odds against each hypothesis: 5 to 1. One weak sign
 * leaves an incident undetermined; a strong one alone makes it 80 % likely.
 */
const PRIOR = -Math.log(5);
/**
 * Arguments overlap (a hot GPU is also a slow one), so their sum is too sure of itself: 0.8 of it, and
 * nobody is surer than 99 to 1 against the rest.
 */
const SHRINKAGE = 0.8;
const MOST_LOG_ODDS = Math.log(99);

/** Probabilities per hypothesis and of "undetermined"; together exactly 1, up to rounding. */
export interface Likelihoods {
  readonly probabilities: readonly number[];
  readonly undetermined: number;
}

/**
 * Turns sums of log odds into probabilities (a softmax with "undetermined" at 0): the hypotheses compete
 * with each other and with not knowing.
 */
export function likelihoodsOf(logOdds: readonly number[]): Likelihoods {
  const weights = logOdds.map((sum) => Math.exp(Math.min(MOST_LOG_ODDS, PRIOR + SHRINKAGE * sum)));
  const total = weights.reduce((sum, weight) => sum + weight, 1);
  return { probabilities: weights.map((weight) => weight / total), undetermined: 1 / total };
}
