import type { JudgeState } from './judge.js';
import type { RegressionJudgeState } from './regression-judge.js';
import type { RejectedCounts } from './samples.js';
import type { StreamState } from './stream.js';
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
