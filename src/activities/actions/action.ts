import type { z } from 'zod';
import type { ActionName, ActionParameters } from '../../domain/recovery/action.js';
import type { Violation } from '../../domain/sla/violation.js';
import type { PlannedStep, Target } from '../../workflows/messages.js';
import type { Preparation } from '../../workflows/preparation-messages.js';
import type { ServiceWorld, World } from '../world.js';

/** What an action is told when it looks and decides. */
export interface PrepareContext {
  readonly world: World;
  readonly service: ServiceWorld;
  readonly target: Target;
  readonly violation: Violation;
  readonly nowMs: number;
  /** What the procedure tells the action; none where left out. */
  readonly parameters?: ActionParameters;
}

/** What an action is told when it acts or undoes. */
export interface ActContext {
  readonly world: World;
  readonly service: ServiceWorld;
  readonly step: PlannedStep;
  /** The workflow on whose behalf it acts. */
  readonly workflowId: string;
  /** Names the intended effect: asked twice, it happens once. */
  readonly operationId: string;
  /** Aborts, and a newer attempt, end it. */
  readonly signal: AbortSignal;
  /** To be called right before each effect: throws when this attempt is no longer the current one. */
  readonly fence: () => Promise<void>;
}

/** State of an action as it crosses the border to a workflow and back. */
export interface RawState {
  readonly before: unknown;
  readonly desired: unknown;
}

interface ActionTraits {
  readonly name: ActionName;
  /** Why it has no undo, for actions that have none. */
  readonly irreversible?: string;
  /** Why what it did stays when it helped, for actions that are no temporary mitigation. */
  readonly lasting?: string;
  /** Time that its effect takes beyond the SLI's own window. */
  readonly settleMs: number;
  /** Bound on one attempt. */
  readonly timeoutMs: number;
  /** Looks at the fleet and says what would be done, or why it is not: reads only. */
  prepare(context: PrepareContext): Promise<Preparation>;
}

/** One external change with its undo: its state is validated each time it comes back. */
export interface Action extends ActionTraits {
  /** Sets the desired state; says in words what changed. */
  apply(context: ActContext, state: RawState): Promise<string>;
  /** Restores the state before; safe even if the action never ran. */
  undo(context: ActContext, state: RawState): Promise<string>;
}

/**
 * Makes an action of its definition. `state` is the schema of what crosses between prepare, apply and
 * undo: the state before, and the one to be set; both absolute.
 */
export function defineAction<State extends RawState>(
  definition: ActionTraits & {
    readonly state: z.ZodType<State>;
    apply(context: ActContext, state: State): Promise<string>;
    undo(context: ActContext, state: State): Promise<string>;
  },
): Action {
  const { state, ...rest } = definition;
  return {
    ...rest,
    apply: (context, raw) => definition.apply(context, state.parse(raw)),
    undo: (context, raw) => definition.undo(context, state.parse(raw)),
  };
}
