import { clockTime } from '../describe-change.js';
import { isLifecycle } from '../facts.js';
import { argue, AT_ONCE_MS, CLOSE_MS, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** A change of settings that is no release: limits, weights, flags, a scaling. */
export const configuration: Hypothesis = {
  kind: 'configuration',
  title: 'a change of configuration',
  assess(facts) {
    const { evidence, scope, onsetMs, recentChanges } = facts;
    const change = recentChanges.find(
      (one) => one.kind === 'config' || (one.kind === 'other' && !isLifecycle(one)),
    );
    const scaling = recentChanges.find(({ kind }) => kind === 'scale');
    const told = change ?? scaling;
    const sinceMs = told === undefined ? Infinity : onsetMs - told.atMs;
    const close = sinceMs <= AT_ONCE_MS ? GOOD : WEAK;
    const isElsewhere =
      told?.replica !== undefined && scope.kind === 'replica' && told.replica !== scope.replica;
    const isKnown = !evidence.missing.some((text) => /change|release|deploy/i.test(text));
    return {
      arguments: argue(
        [change !== undefined, () => `${clockTime(change!.atMs)} ${change!.summary}`, GOOD],
        [!change && scaling !== undefined, () => `scaled: ${scaling!.summary}`, WEAK],
        [sinceMs <= CLOSE_MS, () => 'it began within minutes of that', close],
        [isElsewhere, () => 'but that was another replica', -STRONG],
        [told === undefined && isKnown, () => 'no setting was changed', -STRONG],
      ),
      mechanism: told && `after “${told.summary}”`,
      metric: undefined,
      ...(told && { place: { service: told.service, replica: told.replica } }),
    };
  },
  recommendations: ['Undo the change, or roll it out again to one replica at a time'],
  prevention: ['Validate settings before they apply', 'Record every change where incidents see it'],
};
