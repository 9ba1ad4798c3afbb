import { clockTime, describeChange } from '../describe-change.js';
import { demandRise, isReturn } from '../facts.js';
import { noisyTenant } from '../tenants.js';
import { stepArguments } from './step-arguments.js';
import {
  argue,
  AT_ONCE_MS,
  CLOSE_MS,
  closeness,
  GOOD,
  STRONG,
  WEAK,
  type Hypothesis,
} from './hypothesis.js';

/** A new release is worse than the one before. */
export const codeRegression: Hypothesis = {
  kind: 'code-regression',
  title: 'a release',
  assess(facts) {
    const { evidence, scope, onsetMs, recentChanges } = facts;
    const release = recentChanges.find(({ kind }) => kind === 'release');
    const sinceMs = release === undefined ? Infinity : onsetMs - release.atMs;
    const isBack = release !== undefined && isReturn(release, facts);
    const isElsewhere =
      release?.replica !== undefined &&
      scope.kind === 'replica' &&
      release.replica !== scope.replica;
    const isOneOfAll =
      release !== undefined && release.replica === undefined && scope.kind === 'replica';
    const demand = release && (noisyTenant(facts) ?? demandRise(facts));
    const isKnown = !evidence.missing.some((text) => /change|release|deploy/i.test(text));
    return {
      arguments: [
        ...argue(
          [
            release !== undefined,
            () => `${clockTime(release!.atMs)} released: ${release!.summary}`,
            isBack ? WEAK : closeness(sinceMs),
          ],
          [sinceMs <= AT_ONCE_MS && !isBack, () => 'it began within minutes of the release', GOOD],
          [
            sinceMs <= CLOSE_MS && scope.kind === 'service',
            () => 'all replicas are hit, as by a release',
            WEAK,
          ],
          [
            isBack,
            () => 'but it took a release back: what runs since had run before, and was well',
            -GOOD,
          ],
          [isElsewhere, () => 'but another replica was released', -STRONG],
          [
            isOneOfAll,
            () => 'but its peers run the same release and are well',
            // A release that rolls reaches one replica after the other.
            sinceMs <= AT_ONCE_MS ? -WEAK : -GOOD,
          ],
          [demand !== undefined, () => `but also ${describeChange(demand!)}`, -WEAK],
          [release === undefined && isKnown, () => 'nothing was released before', -STRONG],
        ),
        ...stepArguments(facts, { deployment_rollback: STRONG }),
      ],
      mechanism: release && `release “${release.summary}”`,
      metric: undefined,
      ...(release && { place: { service: release.service, replica: release.replica } }),
    };
  },
  recommendations: ['Roll the release back, then compare both releases under the same load'],
  prevention: ['Release to one replica first and compare it with its peers before going on'],
};
