import type {
  BreakerEffect,
  BreakerHold,
  BreakerPlan,
} from '../domain/recovery/breaker-enforcement.js';
import type { BreakerView } from '../workflows/breaker-messages.js';
import type { Target } from '../workflows/messages.js';

/** What is to be changed at the load balancer, in words and exact calls as well. */
export interface BreakerPreparation {
  readonly plan: BreakerPlan;
  readonly lines: readonly string[];
}

/** What the recovery queue's workers do for breakers. */
export interface BreakerActivities {
  /** Compares what the load balancer has with what the breakers want. Reads only. */
  prepareBreaker(ask: {
    target: Target;
    breakers: BreakerView['breakers'];
    hold: BreakerHold;
  }): Promise<BreakerPreparation>;
  /** Sets it. Absolute and fenced: repeated or late, it changes nothing. */
  applyBreaker(ask: { target: Target; effects: readonly BreakerEffect[] }): Promise<void>;
}
