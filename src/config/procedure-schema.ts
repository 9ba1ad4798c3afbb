import { z } from 'zod';
import { REACHES } from '../domain/recovery/action.js';
import { NO_PREREQUISITES, type Prerequisites } from '../domain/recovery/prerequisites.js';
import { CUSTOM_WORKFLOW, type Procedure } from '../domain/recovery/procedure.js';
import { DEFAULT_PROCEDURES } from '../domain/recovery/procedures/index.js';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import { duration } from './duration.js';
import { conditionSchema, stepsSchema } from './procedure-step-schema.js';
import { verificationOverlay, type VerificationOverlay } from './policy-overlay-schema.js';

const MODES = ['normal', 'high-alert', 'emergency', 'maintenance'] as const;
const FIVE_MINUTES_MS = 300_000;

const prerequisites = z
  .strictObject({
    healthyReplicas: z.int().min(0).default(0),
    notInModes: z.array(z.enum(MODES)).default([]),
    actuators: z.array(z.enum(REACHES)).default([]),
    metrics: z.array(conditionSchema).default([]),
  })
  .transform(({ metrics, ...rest }): Prerequisites => ({ ...rest, conditions: metrics }));

const raw = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected a name like "queue_relief"'),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  violationTypes: z.array(z.enum(VIOLATION_TYPES)).min(1).optional(),
  metrics: z.array(z.string().min(1)).min(1).optional(),
  services: z.array(z.string().min(1)).min(1).optional(),
  leastSeverity: z.enum(SEVERITIES).optional(),
  /** From the first step to the last verification. */
  timeout: duration.optional(),
  /** Of each action after its first attempt, where the step does not say. */
  retries: z.int().min(0).max(20).optional(),
  prerequisites: prerequisites.optional(),
  steps: stepsSchema.optional(),
  /** Tried when the steps did not help. */
  onFailure: stepsSchema.optional(),
  verification: verificationOverlay.optional(),
});

/** A procedure of the configuration, and where in its lists each action stands, for messages. */
export interface GivenProcedure {
  readonly procedure: Procedure;
  readonly places: { readonly steps: readonly number[]; readonly onFailure: readonly number[] };
}

/**
 * One entry of `recovery.procedures`. With the name of one that paramedic has it overrides what it
 * says, and leaves the rest as it is; otherwise it must say what it is for and what it does.
 */
const procedure = raw.transform((given, context): GivenProcedure => {
  const base = DEFAULT_PROCEDURES.find(({ name }) => name === given.name);
  const need = <T>(value: T | undefined, key: string, example: string): T => {
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', path: [key], message: `expected ${example}` });
    return z.NEVER;
  };
  const steps = need(given.steps?.steps ?? base?.steps, 'steps', 'a list of actions');
  if (given.steps?.steps.length === 0) {
    context.addIssue({ code: 'custom', path: ['steps'], message: 'expected at least one action' });
  }
  const types = given.violationTypes ?? base?.violationTypes;
  return {
    places: { steps: given.steps?.places ?? [], onFailure: given.onFailure?.places ?? [] },
    procedure: {
      name: given.name,
      description: given.description ?? base?.description ?? '',
      workflowType: base?.workflowType ?? CUSTOM_WORKFLOW,
      steps,
      onFailure: given.onFailure?.steps ?? base?.onFailure ?? [],
      timeoutMs: given.timeout ?? base?.timeoutMs ?? FIVE_MINUTES_MS,
      retries: given.retries ?? base?.retries ?? 2,
      leastSeverity: given.leastSeverity ?? base?.leastSeverity ?? 'major',
      violationTypes: need(types, 'violationTypes', 'a list like [latency_breach]'),
      metrics: given.metrics ?? base?.metrics,
      services: given.services ?? base?.services,
      prerequisites: given.prerequisites ?? base?.prerequisites ?? NO_PREREQUISITES,
      verification: { ...base?.verification, ...verificationOf(given.verification) },
      isEnabled: given.enabled ?? true,
    },
  };
});

function verificationOf(given: VerificationOverlay | undefined): Procedure['verification'] {
  if (given === undefined) return {};
  const { hold, timeout, ...rest } = given;
  return {
    ...rest,
    ...(hold === undefined ? {} : { holdMs: hold }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
}

/** The procedures of the configuration, their names unique. */
export const proceduresSchema = z.array(procedure).superRefine((given, context) => {
  given.forEach(({ procedure: { name } }, index) => {
    const first = given.findIndex((one) => one.procedure.name === name);
    if (first === index) return;
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `duplicate name "${name}": procedures[${first}] has it already`,
    });
  });
});

/** What is in force: the configuration's own procedures first, then those in code, as it overrides them. */
export function proceduresInForce(given: readonly GivenProcedure[]): readonly Procedure[] {
  const byName = new Map(given.map(({ procedure: one }) => [one.name, one]));
  const isBuiltIn = (name: string) => DEFAULT_PROCEDURES.some((one) => one.name === name);
  return [
    ...[...byName.values()].filter(({ name }) => !isBuiltIn(name)),
    ...DEFAULT_PROCEDURES.map((one) => byName.get(one.name) ?? one),
  ];
}
