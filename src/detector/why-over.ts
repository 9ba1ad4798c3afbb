import type { SlaEvent } from '../domain/sla/samples.js';

/** The end of what only a replica that exists could have. */
export const GONE = 'its replica is gone from the fleet';

/** Why a violation ended, as its incident's timeline says it. */
export function whyOver(event: Extract<SlaEvent, { type: 'resolved' }>): string {
  const { metric, value, unit, limit } = event.violation;
  switch (event.because) {
    case 'compliant':
      return `${metric} is back inside its limit: ${value.toPrecision(4)} ${unit}, limit ${limit.toPrecision(4)}`;
    case 'no-demand':
      return 'nobody asks for the service any more: nothing can show it met or broken';
    case 'threshold-removed':
      return 'its threshold was removed or disabled';
    case 'forgotten':
      return GONE;
    case 'new-normal':
      return 'it has been so for so long that it is the baseline now';
    case 'breaker':
      return 'its breaker has closed, or was isolated by a person';
  }
}
