import type { Reach } from './action.js';
import { unmetCondition, type MetricCondition } from './condition.js';

/** What must be so for a procedure to be tried at all; looked at before each of its runs. */
export interface Prerequisites {
  /** Replicas of the service in full service, at least; 0 asks for none. */
  readonly healthyReplicas: number;
  /** Modes in which it is not tried, as the monitor calls them. */
  readonly notInModes: readonly string[];
  /** What the service must have configured. */
  readonly actuators: readonly Reach[];
  readonly conditions: readonly MetricCondition[];
}

/** Nothing is asked for. */
export const NO_PREREQUISITES: Prerequisites = {
  healthyReplicas: 0,
  notInModes: [],
  actuators: [],
  conditions: [],
};

/** What prerequisites are judged by. Undefined is what could not be learned. */
export interface PrerequisiteFacts {
  readonly healthyReplicas: number | undefined;
  readonly mode: string | undefined;
  readonly actuators: readonly Reach[];
  /** Samples of each condition's metric, in the conditions' order. */
  readonly samples: readonly (readonly number[])[];
}

/** Every prerequisite that is not met, in words; empty when all are. What isn't known is not met. */
export function unmetPrerequisites(wanted: Prerequisites, facts: PrerequisiteFacts): string[] {
  const unmet: string[] = [];
  const { healthyReplicas, notInModes, actuators, conditions } = wanted;
  if (healthyReplicas > 0 && !((facts.healthyReplicas ?? 0) >= healthyReplicas)) {
    const there =
      facts.healthyReplicas === undefined
        ? 'how many are is not known'
        : `${facts.healthyReplicas} are`;
    unmet.push(`at least ${healthyReplicas} replicas in full service: ${there}`);
  }
  if (facts.mode !== undefined && notInModes.includes(facts.mode)) {
    unmet.push(`not in mode ${facts.mode}`);
  }
  for (const reach of actuators) {
    if (!facts.actuators.includes(reach)) unmet.push(`an actuator for the service’s ${reach}`);
  }
  conditions.forEach((condition, index) => {
    const why = unmetCondition(condition, facts.samples[index] ?? []);
    if (why !== undefined) unmet.push(why);
  });
  return unmet;
}
