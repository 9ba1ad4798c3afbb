import type { z } from 'zod';
import { ACTION_NEEDS, type ActionName, type Reach } from '../domain/recovery/action.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { GivenProcedure } from './procedure-schema.js';

/** What of the configuration procedures are checked against. */
interface Surroundings {
  readonly services: readonly ({ readonly name: string } & Readonly<
    Partial<Record<Reach, { readonly actuator: string } | undefined>>
  >)[];
  readonly thresholds: readonly Threshold[];
  readonly recovery: {
    readonly procedures: readonly GivenProcedure[];
    readonly services: Readonly<Record<string, unknown>>;
  };
}

/**
 * Finds in procedures, and in the services' own policies, what could never work: services that aren't
 * there, metrics that no threshold watches, actions that no actuator of the services can carry out.
 */
export function checkProcedures(config: Surroundings, context: z.RefinementCtx): void {
  const { services, thresholds, recovery } = config;
  const names = services.map(({ name }) => name).join(', ') || '(there is none)';
  const issue = (path: (string | number)[], message: string) => {
    context.addIssue({ code: 'custom', path: ['recovery', ...path], message });
  };
  for (const name of Object.keys(recovery.services)) {
    if (services.some((one) => one.name === name)) continue;
    issue(['services', name], `expected a configured service, one of ${names}, got "${name}"`);
  }
  recovery.procedures.forEach(({ procedure, places }, index) => {
    const at = ['procedures', index] as const;
    procedure.services?.forEach((name, i) => {
      if (services.some((one) => one.name === name)) return;
      issue([...at, 'services', i], `expected one of ${names}, got "${name}"`);
    });
    procedure.metrics?.forEach((metric, i) => {
      if (thresholds.some((one) => one.metric === metric)) return;
      const watched = [...new Set(thresholds.map((one) => one.metric))].join(', ');
      issue(
        [...at, 'metrics', i],
        `expected a metric with a threshold (${watched}), got "${metric}"`,
      );
    });
    if (!procedure.isEnabled) return;
    const meant = services.filter(({ name }) => procedure.services?.includes(name) ?? true);
    const check = (key: 'steps' | 'onFailure') => {
      places[key].forEach((place, i) => {
        const action = procedure[key][i]?.action;
        const why = action === undefined ? undefined : nobodyCan(action, meant);
        if (why !== undefined) issue([...at, key, place, 'action'], why);
      });
    };
    check('steps');
    check('onFailure');
  });
}

/** Why no service that a procedure is for can have that action done, or undefined. */
function nobodyCan(action: ActionName, services: Surroundings['services']): string | undefined {
  const needs = ACTION_NEEDS[action];
  if (services.length === 0) return undefined;
  const lack = services.filter((one) => !needs.some((need) => one[need] !== undefined));
  if (lack.length < services.length) return undefined;
  const whose = lack.map(({ name }) => `"${name}"`).join(', ');
  return `expected an action that can be carried out: ${whose} has no ${needs.join(' or ')} configured, got "${action}"`;
}
