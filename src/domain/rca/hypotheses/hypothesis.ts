import type { Facts } from '../facts.js';

/** The kinds of cause, in the words of the design document. */
export const HYPOTHESIS_KINDS = [
  'infrastructure',
  'application',
  'network',
  'configuration',
  'resource-contention',
  'external-dependency',
  'capacity-limits',
  'code-regression',
] as const;
export type HypothesisKind = (typeof HYPOTHESIS_KINDS)[number];

/**
 * One piece of evidence. `weight` is in units of log odds: positive speaks for the hypothesis, negative
 * against it.
 */
export interface Argument {
  readonly text: string;
  readonly weight: number;
}

/** What a hypothesis has to say about an incident. */
export interface Assessment {
  readonly arguments: readonly Argument[];
  /** How it came about if this is it, e.g. `thermal throttling`; undefined where nothing tells. */
  readonly mechanism: string | undefined;
  /** The metric that shows it best; undefined for the strongest symptom's. */
  readonly metric: string | undefined;
  /** What is at fault, where that is not simply whom the incident hits. */
  readonly place?: { readonly service: string; readonly replica: string | undefined };
}

/** One kind of cause: how it is recognised, what to do about it, how to keep it from coming back. */
export interface Hypothesis {
  readonly kind: HypothesisKind;
  /** For people, after "probable cause:". */
  readonly title: string;
  assess(facts: Facts): Assessment;
  readonly recommendations: readonly string[];
  readonly prevention: readonly string[];
}

/**
 * Weights, as the logarithm of how much likelier the evidence is if the hypothesis holds: 20 times, 5 times,
 * 2 times. Judgements of what such signs are worth, kept to three so that none is more exact than it is.
 */
export const STRONG = Math.log(20);
export const GOOD = Math.log(5);
export const WEAK = Math.log(2);

/** A change acts with the first requests after it: what begins three minutes after it is likely its doing. */
export const AT_ONCE_MS = 3 * 60_000;
/** Ten minutes leave room for a rolling one and for caches; later it is one of many things that happened. */
export const CLOSE_MS = 10 * 60_000;

/** What it says for a change's guilt that the incident began so long after it. */
export function closeness(sinceMs: number): number {
  return sinceMs <= AT_ONCE_MS ? STRONG : sinceMs <= CLOSE_MS ? GOOD : WEAK;
}

/** Keeps the arguments that hold: `[condition, text, weight]`, the text only made when it does. */
export function argue(
  ...entries: readonly (readonly [holds: boolean, text: () => string, weight: number])[]
): Argument[] {
  return entries.flatMap(([holds, text, weight]) => (holds ? [{ text: text(), weight }] : []));
}
