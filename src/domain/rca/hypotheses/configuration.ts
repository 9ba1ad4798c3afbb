import { clockTime } from '../describe-change.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** A change of settings that is no release: limits, weights, flags, a scaling. */
export const configuration: Hypothesis = {
  kind: 'configuration',
  title: 'a change of configuration',
  assess(facts) {
    const { evidence, scope, onsetMs, recentChanges } = facts;
    const change = recentChanges.find(({ kind }) => kind === 'config' || kind === 'other');
    const scaling = recentChanges.find(({ kind }) => kind === 'scale');
    const told = change ?? scaling;
    const isClose = told !== undefined && onsetMs - told.atMs <= CLOSE_MS;
    const isElsewhere =
      told?.replica !== undefined && scope.kind === 'replica' && told.replica !== scope.replica;
    const isKnown = !evidence.missing.some((text) => /change|release|deploy/i.test(text));
    return {
      arguments: argue(
        [change !== undefined, () => `${clockTime(change!.atMs)} ${change!.summary}`, GOOD],
        [!change && scaling !== undefined, () => `scaled: ${scaling!.summary}`, WEAK],
        [isClose, () => 'it began within minutes of that', GOOD],
        [isElsewhere, () => 'but that was another replica', -STRONG],
        [told === undefined && isKnown, () => 'no setting was changed', -STRONG],
      ),
      mechanism: told && `after “${told.summary}”`,
      metric: undefined,
    };
  },
  recommendations: ['Undo the change, or roll it out again to one replica at a time'],
  prevention: ['Validate settings before they apply', 'Record every change where incidents see it'],
};

/** Most settings act at once; ten minutes leave room for caches and windows. */
const CLOSE_MS = 10 * 60_000;
