import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { pickSmoothly } from '../../../fleet/gateway/smooth-round-robin.js';

function picks(weights: readonly number[], count: number): readonly (number | undefined)[] {
  const candidates = weights.map((weight, index) => ({ index, weight, account: 0 }));
  return Array.from(
    { length: count },
    () => pickSmoothly(candidates, (candidate) => candidate.weight)?.index,
  );
}

describe('pickSmoothly', () => {
  it('spreads the picks of a heavy server', () => {
    // The example of the algorithm's author (nginx, commit 52327e0): a a b a c a a.
    expect(picks([5, 1, 1], 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  it('never picks weight 0, and nobody when all are 0', () => {
    expect(picks([0, 3], 4)).toEqual([1, 1, 1, 1]);
    expect(picks([0, 0], 1)).toEqual([undefined]);
    expect(picks([], 1)).toEqual([undefined]);
  });

  it('picks each exactly as often as its weight says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 }),
        (weights) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const chosen = picks(weights, total);
          weights.forEach((weight, index) => {
            expect(chosen.filter((pick) => pick === index)).toHaveLength(weight);
          });
        },
      ),
      { seed: 7 },
    );
  });
});
