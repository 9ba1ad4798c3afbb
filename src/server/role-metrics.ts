import type { Exposition } from '../telemetry.js';
import { Problem } from './problem.js';

/** A role sends its metrics every 5 s: what it sent before 20 s ago is of one that is gone. */
const FORGET_AFTER_MS = 20_000;
/** A fleet of workers; more are not ours. */
const MOST = 64;

/** The metrics of roles that have no port of their own to be scraped at. */
export interface RoleMetrics {
  /**
   * Takes what the process of that name measured, in text format 0.0.4.
   *
   * @throws Problem 429 for more processes than there can be.
   */
  take(name: string, text: string): void;
  /** What each sent last. */
  expositions(): readonly Exposition[];
}

/** Holds what roles send, in memory: a restarted server has it again within 5 s. */
export function createRoleMetrics(nowMs: () => number): RoleMetrics {
  const sent = new Map<string, { readonly text: string; readonly atMs: number }>();
  const forget = () => {
    for (const [name, { atMs }] of sent) {
      if (atMs < nowMs() - FORGET_AFTER_MS) sent.delete(name);
    }
  };
  return {
    take(name, text) {
      forget();
      if (!sent.has(name) && sent.size >= MOST) {
        throw new Problem(429, 'Too many', `${MOST} processes send their metrics already`);
      }
      sent.set(name, { text, atMs: nowMs() });
    },
    expositions() {
      forget();
      // Numbered, not named after their process: a label's values must not grow with restarts.
      return [...sent.values()].map(({ text }, i) => ({
        role: i === 0 ? 'worker' : `worker-${i + 1}`,
        text,
      }));
    },
  };
}
