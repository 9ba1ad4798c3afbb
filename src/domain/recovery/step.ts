/** How a step went. */
export type StepState =
  | 'planned'
  | 'awaiting-approval'
  | 'applying'
  | 'settling'
  | 'verifying'
  | 'recovered'
  | 'improved'
  | 'no-effect'
  | 'worse'
  | 'undecided'
  | 'skipped'
  | 'refused'
  | 'failed'
  | 'undone'
  | 'undo-failed'
  | 'released'
  | 'kept';
