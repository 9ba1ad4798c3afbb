import { z } from 'zod';
import {
  ACTION_NAMES,
  ACTION_PARAMETERS,
  AUTONOMIES,
  type ActionName,
} from '../domain/recovery/action.js';
import type { MetricCondition } from '../domain/recovery/condition.js';
import { plainStep, type Gate, type ProcedureStep } from '../domain/recovery/procedure.js';
import { duration, durationOrZero } from './duration.js';
import { adoptIssues } from './plugin-issues.js';

/** A level that a metric must have: `{ metric, below, above, of, over }`. */
export const conditionSchema = z
  .strictObject({
    metric: z.string().min(1),
    below: z.number().optional(),
    above: z.number().optional(),
    /** Whose samples: of what the recovery acts on, or of the whole service. */
    of: z.enum(['target', 'service']).default('target'),
    /** The median of so long a time counts. */
    over: duration.prefault('1m'),
  })
  .refine(
    ({ below, above }) => below !== undefined || above !== undefined,
    'expected below or above',
  )
  .transform(({ metric, below, above, of, over }): MetricCondition => ({
    ...{ metric, below, above, of },
    overMs: over,
  }));

const parameters = z.strictObject({
  weightPercent: z.number().min(1).max(100).optional(),
  add: z.int().min(1).max(100).optional(),
  max: z.int().min(1).optional(),
  release: z.string().min(1).optional(),
});

const action = z
  .strictObject({
    action: z.enum(ACTION_NAMES),
    parameters: parameters.default({}),
    autonomy: z.enum(AUTONOMIES).optional(),
    /** After the first attempt. */
    retries: z.int().min(0).max(20).optional(),
    /** Bound on one attempt. */
    timeout: duration.optional(),
    /** Time that its effect takes beyond the SLI's own window. */
    settle: durationOrZero.optional(),
    /** Whether it is undone and released like others, or stays once it was judged. */
    compensation: z.enum(['undo', 'keep']).default('undo'),
  })
  .superRefine(({ action: name, parameters: given }, context) => {
    const known: readonly string[] = ACTION_PARAMETERS[name] ?? [];
    for (const key of Object.keys(given)) {
      if (known.includes(key)) continue;
      const takes = known.length === 0 ? 'takes no parameters' : `takes ${known.join(', ')}`;
      context.addIssue({
        code: 'custom',
        path: ['parameters', key],
        message: `${name} ${takes}, got "${key}"`,
      });
    }
  })
  .transform((given): ProcedureStep => ({
    action: given.action,
    parameters: given.parameters,
    autonomy: given.autonomy,
    retries: given.retries,
    timeoutMs: given.timeout,
    settleMs: given.settle,
    isKept: given.compensation === 'keep',
    gates: [],
  }));

const wait = z
  .strictObject({ wait: duration })
  .transform(({ wait: forMs }): Gate => ({ kind: 'wait', forMs }));

const require = z
  .strictObject({
    require: conditionSchema,
    /** How long it is waited for; one look where left out. */
    within: durationOrZero.prefault('0s'),
    otherwise: z.enum(['stop', 'skip']).default('stop'),
  })
  .transform(({ require: condition, within, otherwise }): Gate => ({
    ...{ kind: 'require', condition, otherwise },
    withinMs: within,
  }));

const ask = z
  .strictObject({
    ask: z.string().min(1),
    timeout: duration.prefault('15m'),
    onTimeout: z.enum(['proceed', 'skip', 'stop']).default('stop'),
  })
  .transform(({ ask: question, timeout, onTimeout }): Gate => ({
    ...{ kind: 'ask', question, onTimeout },
    timeoutMs: timeout,
  }));

const ITEMS = { action, wait, require, ask } as const;

/** One entry of a list of steps: an action by its name alone, an action, or a gate before the next one. */
const item = z.unknown().transform((given, context): ProcedureStep | Gate => {
  if (typeof given === 'string' && (ACTION_NAMES as readonly string[]).includes(given)) {
    return plainStep(given as ActionName);
  }
  const entry =
    typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
  const kind = (Object.keys(ITEMS) as (keyof typeof ITEMS)[]).find((key) => key in entry);
  if (kind === undefined) {
    context.addIssue({
      code: 'custom',
      message: `expected an action (${ACTION_NAMES.join(', ')}), or one of action, wait, require, ask`,
    });
    return z.NEVER;
  }
  const read = ITEMS[kind].safeParse(entry);
  if (read.success) return read.data;
  adoptIssues(read.error, context, entry);
  return z.NEVER;
});

/** Steps as a procedure has them, and at which place of the list each action stands. */
export interface GivenSteps {
  readonly steps: readonly ProcedureStep[];
  readonly places: readonly number[];
}

/** A list of actions with gates between them: each gate belongs to the action after it. */
export const stepsSchema = z.array(item).transform((items, context): GivenSteps => {
  const steps: ProcedureStep[] = [];
  const places: number[] = [];
  let gates: Gate[] = [];
  items.forEach((entry, index) => {
    if ('kind' in entry) {
      gates.push(entry);
      return;
    }
    steps.push({ ...entry, gates });
    places.push(index);
    gates = [];
  });
  if (gates.length > 0) {
    context.addIssue({
      code: 'custom',
      path: [items.length - 1],
      message: 'expected an action after it: a gate stands before one',
    });
  }
  return { steps, places };
});
