import type { JudgeState } from './judge.js';
import type { RegressionJudgeState } from './regression-judge.js';
import type { RejectedCounts } from './samples.js';
import type { StreamState } from './stream.js';
import { scopeOf } from './violation.js';
import type { LoggedViolation } from './violation-log.js';

/** The whole state of an `SlaEvaluator`, plain JSON. A change of shape raises `version`. */
export interface SlaSnapshot {
  readonly version: 1;
  readonly clockMs: number | undefined;
  readonly rejected: RejectedCounts;
  readonly streams: readonly StreamState[];
  readonly judges: readonly JudgeState[];
  readonly regressions: readonly RegressionJudgeState[];
  readonly log: readonly LoggedViolation[];
}

/** The part of it that is about these services. */
export function ofServices(
  { streams, judges, regressions, log, ...rest }: SlaSnapshot,
  isOwn: (service: string) => boolean,
): SlaSnapshot {
  return {
    ...rest,
    streams: streams.filter(({ service }) => isOwn(service)),
    judges: judges.filter(({ service }) => isOwn(service)),
    regressions: regressions.filter(({ service }) => isOwn(service)),
    log: log.filter(({ fingerprint }) => isOwn(scopeOf(fingerprint).service)),
  };
}
