import { SlaEvaluator } from '../domain/sla/evaluator.js';
import { ofServices, type SlaSnapshot } from '../domain/sla/snapshot.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { DetectorOptions } from './detector-options.js';
import type { SeriesStore } from './series-store.js';
import { restoreSnapshot } from './snapshot-file.js';

/** What of a detector its last snapshot has to fit. */
interface RestoreContext extends Pick<DetectorOptions, 'files' | 'policy' | 'now' | 'onProblem'> {
  readonly isOwn: (service: string) => boolean;
}

/**
 * Gives the store its samples back, and returns the evaluation as the last run left it; undefined where
 * there is no snapshot of it, or one so old that all of it would be forgotten at once.
 */
export async function restoreState(
  { files, policy, now, onProblem, isOwn }: RestoreContext,
  into: {
    readonly store: SeriesStore;
    readonly thresholds: { readonly current: readonly Threshold[] };
  },
): Promise<SlaEvaluator | undefined> {
  const { snapshot, problems } = await restoreSnapshot(files.snapshot, into.store);
  for (const problem of problems) onProblem('restoring the snapshot', new Error(problem));
  const saved = snapshot?.extra as SlaSnapshot | undefined;
  if (snapshot === undefined || saved?.version !== 1) return undefined;
  // A gap below that is a gap like any other.
  if (now() - snapshot.savedAtMs >= policy.forgetAfterMs) return undefined;
  // What moved to another detector since is its to judge, and to end.
  return SlaEvaluator.restore(ofServices(saved, isOwn), into.thresholds.current, policy);
}
