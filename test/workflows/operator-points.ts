import type { IncidentRecord } from '../../src/domain/archive.js';
import { AdapterError } from '../../src/domain/ports.js';
import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import type { OperatorAction } from '../../src/workflows/operator-messages.js';
import type { FakeFleet } from './fake-world.js';
import type { Gate } from './operator-gate.js';

/** What an operator can say; `abort-keep` is an abort that keeps what was changed. */
export const MESSAGES = [
  'approve',
  'deny',
  'abort',
  'abort-keep',
  'skip',
  'pause',
  'resume',
  'approve-rollback',
  'deny-rollback',
] as const satisfies readonly (OperatorAction | 'abort-keep')[];
export type Message = (typeof MESSAGES)[number];

/** Why it is refused; or how the incident ends, and every effect on the fleet until then. */
export type Expectation = string | readonly [outcome: string, ...effects: string[]];

/** What a test sees of an incident: what it has written to the archive. */
export interface Seen {
  readonly state: IncidentRecord['state'] | undefined;
  readonly outcome: IncidentRecord['outcome'];
  /** Stages of its timeline so far. */
  readonly stages: ReadonlySet<string>;
  readonly gate: Gate;
}

/** A point of a procedure at which messages come in. */
export interface Point {
  readonly name: string;
  readonly policy?: Partial<RecoveryPolicy>;
  arrange(fleet: FakeFleet, gate: Gate): void;
  isReached(seen: Seen): boolean;
  /** Whether another incident holds the target meanwhile. */
  readonly isBlocked?: true;
  /** A message on the way to the point, told at the gate. */
  readonly first?: OperatorAction;
  /** Whether it is at a look within a workflow task, which hears nothing meanwhile but at its heartbeats. */
  readonly isHeldTask?: true;
  /** Whether the violation is gone before the point. */
  readonly isResolved?: true;
  /** How it ends when nothing is said, or what is said is refused. */
  readonly undisturbed: readonly [outcome: string, ...effects: string[]];
  /** What each message comes to; one that is missing is not worth its time here. */
  readonly expected: Readonly<Partial<Record<Message, Expectation>>>;
}

const LESS = 'engine-2 weight 5';
const FULL = 'engine-2 weight 100';
/** The second step’s effect, */
export const DRAIN = 'engine-2 drain';
/** and what undoes it. */
export const READY = 'engine-2 ready';

const NO_STEP = 'no step waits for an approval';
const NO_ROLLBACK = 'no rollback waits for an approval';
const NOT_PAUSED = 'it is not paused';
const BEGUN = 'the rollback has begun: it is not stopped halfway';
const STEPS_OVER = 'the steps are over: the rollback waits for an approval';
const notRunning = (state: string) => `no recovery is running: the incident is ${state}`;

const idle = (state: string) => ({
  ...{ approve: notRunning(state), deny: notRunning(state), skip: notRunning(state) },
  ...{ pause: notRunning(state), resume: notRunning(state) },
  ...{ 'approve-rollback': notRunning(state), 'deny-rollback': notRunning(state) },
});
const nothingAsked = {
  ...{ approve: NO_STEP, deny: NO_STEP, 'approve-rollback': NO_ROLLBACK },
} as const;
/** Nothing helps: both steps are tried, and undone newest first. */
export const ALL: Point['undisturbed'] = ['rolled-back', LESS, DRAIN, READY, FULL];
const KEPT: Point['undisturbed'] = ['aborted', LESS, DRAIN];

/** While the first step acts, settles or is judged. */
const ACTING: Point['expected'] = {
  ...nothingAsked,
  ...{ resume: NOT_PAUSED, pause: ALL, 'deny-rollback': KEPT },
  abort: ['aborted', LESS, FULL],
  'abort-keep': ['aborted', LESS],
  skip: ['rolled-back', LESS, FULL, DRAIN, READY],
};

/** Nothing helps. */
export function hopeless(fleet: FakeFleet): void {
  fleet.latencyOf = () => 600;
  fleet.noteForEver();
}

function throttled(fleet: FakeFleet): void {
  fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 25 ? 600 : 110);
  fleet.noteForEver();
}

function holdVerdict(fleet: FakeFleet, gate: Gate): void {
  fleet.onRead = () => (fleet.effects.length > 0 ? gate.pass() : Promise.resolve());
}

function holdBefore(effect: string, arrange = hopeless): Point['arrange'] {
  return (fleet, gate) => {
    arrange(fleet);
    fleet.beforeEffect = (now) => (now === effect ? gate.pass() : Promise.resolve());
  };
}

/** The point at which a person may keep what did not help. */
export const ASKING_FOR_ROLLBACK: Point = {
  name: 'asking whether to roll back',
  policy: { asksBeforeRollback: true },
  arrange: hopeless,
  isReached: ({ state }) => state === 'awaiting-approval',
  undisturbed: ALL,
  expected: {
    ...{ approve: NO_STEP, deny: NO_STEP, resume: NOT_PAUSED },
    ...{ skip: STEPS_OVER, pause: STEPS_OVER },
    ...{ 'approve-rollback': ALL, 'deny-rollback': KEPT },
    ...{ abort: ['aborted', LESS, DRAIN, READY, FULL], 'abort-keep': KEPT },
  },
};

/** Every point of a procedure. */
export const POINTS: readonly Point[] = [
  {
    name: 'before the first step, waiting for its turn',
    isBlocked: true,
    // The other one holds the target while it waits for an answer that nobody gives.
    policy: { autonomy: { ...DEFAULT_AUTONOMY, load_balancer_adjust: 'approve' } },
    arrange: hopeless,
    isReached: ({ state }) => state === 'waiting',
    undisturbed: ['superseded'],
    expected: { ...idle('waiting'), abort: ['aborted'], 'abort-keep': ['aborted'] },
  },
  {
    name: 'choosing what to do',
    isHeldTask: true,
    arrange(fleet, gate) {
      hopeless(fleet);
      fleet.beforeLook = () => gate.pass();
    },
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ALL,
    expected: { ...idle('open'), abort: ['aborted'], 'abort-keep': ['aborted'] },
  },
  {
    name: 'preparing the second step',
    arrange(fleet, gate) {
      hopeless(fleet);
      let isJudged = false;
      fleet.onRead = () => {
        isJudged ||= fleet.effects.length > 0;
        return Promise.resolve();
      };
      fleet.beforeLook = () => (isJudged ? gate.pass() : Promise.resolve());
    },
    // What interrupts it; each is heard at the next heartbeat of a task, which takes some 10 s.
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ALL,
    expected: {
      ...nothingAsked,
      ...{ resume: NOT_PAUSED, abort: ['aborted', LESS, FULL] },
      skip: ['rolled-back', LESS, FULL],
    },
  },
  {
    name: 'awaiting an approval',
    policy: { autonomy: { ...DEFAULT_AUTONOMY, load_balancer_adjust: 'approve' } },
    arrange: hopeless,
    isReached: ({ state }) => state === 'awaiting-approval',
    undisturbed: ALL,
    expected: {
      ...{ approve: ALL, deny: ['rolled-back', DRAIN, READY], skip: ['rolled-back', DRAIN, READY] },
      ...{ abort: ['aborted'], 'abort-keep': ['aborted'] },
      ...{ pause: ALL, resume: NOT_PAUSED },
      ...{ 'approve-rollback': NO_ROLLBACK, 'deny-rollback': KEPT },
    },
  },
  {
    name: 'applying a step',
    arrange: holdBefore(LESS),
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ALL,
    expected: ACTING,
  },
  {
    name: 'letting a step settle',
    policy: { sliWindowMs: 2_000 },
    arrange(fleet, gate) {
      hopeless(fleet);
      fleet.afterEffect = () => {
        gate.note();
        return Promise.resolve();
      };
      // Should the message come late, it comes before the verdict, where it means the same.
      holdVerdict(fleet, gate);
    },
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ALL,
    expected: ACTING,
  },
  {
    name: 'verifying a step',
    arrange(fleet, gate) {
      hopeless(fleet);
      holdVerdict(fleet, gate);
    },
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ALL,
    expected: ACTING,
  },
  {
    name: 'undoing a step that failed',
    arrange(fleet, gate) {
      holdBefore(FULL)(fleet, gate);
      fleet.afterEffect = (now) =>
        now === LESS
          ? Promise.reject(new AdapterError('rejected', 'refused after taking effect'))
          : Promise.resolve();
    },
    isReached: ({ gate }) => gate.isReached,
    undisturbed: ['rolled-back', LESS, FULL, DRAIN, READY],
    expected: {
      ...nothingAsked,
      resume: NOT_PAUSED,
      pause: ['rolled-back', LESS, FULL, DRAIN, READY],
      // It is being left out already; the next step is not meant.
      skip: ['rolled-back', LESS, FULL, DRAIN, READY],
      ...{ abort: ['aborted', LESS, FULL], 'abort-keep': ['aborted', LESS, FULL] },
      'deny-rollback': ['aborted', LESS, FULL, DRAIN],
    },
  },
  {
    name: 'paused between two steps',
    arrange: holdBefore(LESS),
    first: 'pause',
    isReached: ({ state, stages }) => state === 'paused' && stages.has('no-effect'),
    undisturbed: ALL,
    expected: {
      ...nothingAsked,
      ...{ pause: 'it is paused already', resume: ALL, 'deny-rollback': KEPT },
      ...{ abort: ['aborted', LESS, FULL], 'abort-keep': ['aborted', LESS] },
      skip: ['rolled-back', LESS, FULL],
    },
  },
  ASKING_FOR_ROLLBACK,
  {
    name: 'rolling back',
    arrange: holdBefore(READY),
    isReached: ({ state, gate }) => gate.isReached && state === 'rolling-back',
    undisturbed: ALL,
    expected: {
      ...nothingAsked,
      ...{ resume: NOT_PAUSED, pause: BEGUN, skip: BEGUN, 'deny-rollback': BEGUN },
      // Nothing else is tried after it.
      abort: ['aborted', LESS, DRAIN, READY, FULL],
      'abort-keep': BEGUN,
    },
  },
  {
    name: 'holding what mitigates',
    policy: { releaseAfterWindows: 8 },
    arrange: throttled,
    isResolved: true,
    isReached: ({ state }) => state === 'mitigated',
    undisturbed: ['recovered', LESS, FULL],
    expected: {
      ...idle('mitigated'),
      ...{ abort: ['aborted', LESS, FULL], 'abort-keep': ['aborted', LESS] },
    },
  },
  {
    name: 'releasing what mitigates',
    arrange: holdBefore(FULL, throttled),
    isResolved: true,
    isReached: ({ state, gate }) => gate.isReached && state === 'releasing',
    undisturbed: ['recovered', LESS, FULL],
    expected: {
      ...idle('releasing'),
      // The release under way is not half done.
      ...{ abort: ['aborted', LESS, FULL], 'abort-keep': ['aborted', LESS, FULL] },
    },
  },
];
