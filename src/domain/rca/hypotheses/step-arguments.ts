import type { ActionName } from '../../recovery/action.js';
import type { Facts } from '../facts.js';
import type { Argument } from './hypothesis.js';

/**
 * What the recovery steps teach about a hypothesis whose cures are `cures` (with the weight of a success).
 *
 * A cure that worked speaks for it with its weight, one that did nothing against it with half of that: a
 * step may fail for other reasons. Other steps and undecided ones say nothing.
 */
export function stepArguments(
  facts: Facts,
  cures: Partial<Record<ActionName, number>>,
): Argument[] {
  return facts.evidence.steps.flatMap(({ action, effect, summary }) => {
    const weight = cures[action];
    if (weight === undefined || effect === 'undecided') return [];
    const text = `${action} (${summary}): ${effect}`;
    if (effect === 'recovered') return [{ text, weight }];
    if (effect === 'improved') return [{ text, weight: weight / 2 }];
    return [{ text, weight: -weight / 2 }];
  });
}
