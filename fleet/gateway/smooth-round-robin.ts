/** What takes part: its running account, 0 at first. */
export interface Weighted {
  account: number;
}

/**
 * Picks the next of `candidates` by smooth weighted round robin: every candidate's account grows
 * by its weight, the richest is picked and pays the sum of all weights. Over any W picks, W the
 * sum of whole-number weights, each is picked exactly as often as its weight says, spread evenly.
 *
 * Weights may be fractions; those of 0 or less never win. Undefined when none remains.
 */
export function pickSmoothly<Candidate extends Weighted>(
  candidates: readonly Candidate[],
  weightOf: (candidate: Candidate) => number,
): Candidate | undefined {
  let total = 0;
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    const weight = weightOf(candidate);
    if (weight <= 0) continue;
    total += weight;
    candidate.account += weight;
    if (best === undefined || candidate.account > best.account) best = candidate;
  }
  if (best !== undefined) best.account -= total;
  return best;
}
