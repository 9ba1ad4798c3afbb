import { clockTime } from '../describe-change.js';
import { stepArguments } from './step-arguments.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** Ten minutes: a release acts with its first requests, a rolling one with its last replica. */
const CLOSE_MS = 10 * 60_000;

/** A new release is worse than the one before. */
export const codeRegression: Hypothesis = {
  kind: 'code-regression',
  title: 'a release',
  assess(facts) {
    const { evidence, scope, onsetMs, recentChanges } = facts;
    const release = recentChanges.find(({ kind }) => kind === 'release');
    const isClose = release !== undefined && onsetMs - release.atMs <= CLOSE_MS;
    const isElsewhere =
      release?.replica !== undefined &&
      scope.kind === 'replica' &&
      release.replica !== scope.replica;
    const isKnown = !evidence.missing.some((text) => /change|release|deploy/i.test(text));
    return {
      arguments: [
        ...argue(
          [
            release !== undefined,
            () => `${clockTime(release!.atMs)} released: ${release!.summary}`,
            STRONG,
          ],
          [isClose, () => 'it began within minutes of the release', GOOD],
          [
            release !== undefined && scope.kind === 'service',
            () => 'all replicas are hit, as by a release',
            WEAK,
          ],
          [isElsewhere, () => 'but another replica was released', -STRONG],
          [release === undefined && isKnown, () => 'nothing was released before', -STRONG],
        ),
        ...stepArguments(facts, { deployment_rollback: STRONG }),
      ],
      mechanism: release && `release “${release.summary}”`,
      metric: undefined,
    };
  },
  recommendations: ['Roll the release back, then compare both releases under the same load'],
  prevention: ['Release to one replica first and compare it with its peers before going on'],
};
