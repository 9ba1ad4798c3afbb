import { z } from 'zod';
import type { Actuator, ActuatorContext, ActuatorPorts } from '../adapters/actuators/actuator.js';
import { actuators } from '../adapters/actuators/index.js';
import { adoptIssues, refuseKind } from './plugin-issues.js';

/** A configured actuator: its kind, and how to make it of the settings that were validated. */
export interface ConfiguredActuator {
  readonly kind: string;
  readonly create: (context?: ActuatorContext) => ActuatorPorts;
}

/** One entry of `actuators`: a kind, and that kind's own keys, validated by its own schema. */
export const actuatorSchema = z
  .looseObject({ kind: z.string() })
  .transform(({ kind, ...settings }, context): ConfiguredActuator => {
    for (const actuator of actuators) {
      if (actuator.kind !== kind) continue;
      const parsed = actuator.schema.safeParse(settings);
      if (!parsed.success) {
        adoptIssues(parsed.error, context, settings);
        return z.NEVER;
      }
      // Each kind's schema gives what its own `create` takes; the union of all kinds hides that.
      const plugin = actuator as Actuator;
      return { kind, create: (given) => plugin.create(parsed.data, given) };
    }
    refuseKind(kind, actuators, context);
    return z.NEVER;
  });
