import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import { ALL, DRAIN, hopeless, READY, type Point } from './operator-points.js';

const silent = (
  policy: Partial<RecoveryPolicy>,
): Pick<Point, 'policy' | 'arrange' | 'isReached'> => ({
  policy: { approvalTimeoutMs: 500, ...policy },
  arrange: hopeless,
  isReached: ({ stages }) => stages.has('approval'),
});
const ASKS = { autonomy: { ...DEFAULT_AUTONOMY, load_balancer_adjust: 'approve' } } as const;

/** Questions that nobody answers in time, with what then happens. */
export const SILENCES: readonly Omit<Point, 'expected'>[] = [
  {
    name: 'leaves the step out',
    ...silent({ ...ASKS, onApprovalTimeout: 'skip' }),
    undisturbed: ['rolled-back', DRAIN, READY],
  },
  {
    name: 'lets the step act, where silence is a yes',
    ...silent({ ...ASKS, onApprovalTimeout: 'approve' }),
    undisturbed: ALL,
  },
  {
    name: 'stops the procedure, where silence rolls back',
    ...silent({ ...ASKS, onApprovalTimeout: 'rollback' }),
    undisturbed: ['aborted'],
  },
  {
    name: 'rolls back, where that was the question',
    ...silent({ asksBeforeRollback: true }),
    undisturbed: ALL,
  },
];
