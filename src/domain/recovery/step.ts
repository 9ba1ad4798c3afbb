/** How a step went. */
const STEP_STATES = [
  'planned',
  'awaiting-approval',
  'applying',
  'settling',
  'verifying',
  'recovered',
  'improved',
  'no-effect',
  'worse',
  'undecided',
  'skipped',
  'refused',
  'failed',
  'undone',
  'undo-failed',
  'released',
  'kept',
] as const;
export type StepState = (typeof STEP_STATES)[number];
