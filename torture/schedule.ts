import { seededRandom } from '../fleet/base/random.js';

/** What is done to paramedic itself. */
export type Blow =
  | { readonly kind: 'kill'; readonly part: Part }
  | { readonly kind: 'freeze'; readonly part: Part; readonly forMs: number }
  | { readonly kind: 'slow' | 'cut' | 'silent'; readonly link: Link; readonly forMs: number }
  | { readonly kind: 'full-disk'; readonly forMs: number }
  | { readonly kind: 'clock-step'; readonly byMs: number }
  | { readonly kind: 'webhooks'; readonly delayMs: number }
  | { readonly kind: 'operator'; readonly order: Order }
  | { readonly kind: 'terminate' };

export type Part = 'worker' | 'detector' | 'server' | 'temporal';
export type Link = 'engines' | 'gateway-metrics' | 'runtime' | 'supervisor';
export type Order = 'abort' | 'pause' | 'acknowledge' | 'skip';

/** A blow, so long after its round began. */
export interface TimedBlow {
  readonly afterMs: number;
  readonly blow: Blow;
}

/** One fault of the fleet, and what happens to paramedic while it deals with it. */
export interface Round {
  readonly fault: string;
  /** Engine number, or undefined for a fault of the whole fleet. */
  readonly engine: number | undefined;
  /** How long the fault lasts; a cure may end it earlier. */
  readonly faultMs: number;
  readonly blows: readonly TimedBlow[];
}

/** Faults of the reference fleet, and whether each is of one engine; more of those that have a cure. */
const FAULTS: readonly (readonly [name: string, isOfOne: boolean])[] = [
  ['slow-replica', true],
  ['slow-replica', true],
  ['erroring-replica', true],
  ['hung-core', true],
  ['kv-leak', true],
  ['stale-cache', true],
  ['crash', true],
  ['unreachable', true],
  ['bad-release', false],
  ['noisy-tenant', false],
  ['no-cure', false],
];

const PARTS: readonly Part[] = ['worker', 'worker', 'detector', 'server', 'temporal'];
const LINKS: readonly Link[] = ['engines', 'gateway-metrics', 'runtime', 'supervisor'];
const ORDERS: readonly Order[] = ['abort', 'pause', 'acknowledge', 'skip'];

/** A fault is seen after its window (12 s) at the earliest: most blows come from then on. */
const SOONEST_MS = 4_000;
const LATEST_MS = 40_000;
/** A clock that was set wrong is set right again: it does not stray for as long as a run goes on. */
const CLOCK_STEP_MS = 20_000;
/** How far the clocks are apart at most, in ms. */
export const CLOCK_FURTHEST_MS = 40_000;

/**
 * The rounds of a run, without end: the same seed, the same rounds. Each has one fault and two to four
 * blows, most of them while paramedic acts. Every kind of blow comes in turn, so that a short run has
 * most of them and ten minutes have all.
 */
export function* schedule(seed: number): Generator<Round, never> {
  const random = seededRandom(seed);
  const oneOf = <T>(all: readonly T[]): T => {
    const chosen = all[Math.floor(random.unit() * all.length)];
    if (chosen === undefined) throw new RangeError('expected something to choose from');
    return chosen;
  };
  const between = (low: number, high: number) => Math.round(low + random.unit() * (high - low));
  let clockMs = 0;
  const clockStep = (): Blow => {
    const chosenMs = oneOf([-CLOCK_STEP_MS, CLOCK_STEP_MS]);
    const byMs = Math.abs(clockMs + chosenMs) > CLOCK_FURTHEST_MS ? -chosenMs : chosenMs;
    clockMs += byMs;
    return { kind: 'clock-step', byMs };
  };
  const kinds: readonly (() => Blow)[] = [
    () => ({ kind: 'kill', part: oneOf(PARTS) }),
    () => ({
      kind: oneOf(['slow', 'cut', 'silent']),
      link: oneOf(LINKS),
      forMs: between(3e3, 8e3),
    }),
    () => ({ kind: 'webhooks', delayMs: between(500, 4_000) }),
    () => ({ kind: 'freeze', part: oneOf(PARTS), forMs: between(2_000, 8_000) }),
    () => ({ kind: 'operator', order: oneOf(ORDERS) }),
    () => ({ kind: 'kill', part: oneOf(PARTS) }),
    () => ({ kind: 'full-disk', forMs: between(3_000, 8_000) }),
    clockStep,
    () => ({ kind: 'terminate' }),
  ];
  let turn = between(0, kinds.length - 1);
  const nextKind = (): Blow => {
    turn += 1;
    return (kinds[turn % kinds.length] ?? (() => ({ kind: 'kill', part: 'worker' })))();
  };
  for (;;) {
    const [fault, isOfOne] = oneOf(FAULTS);
    const blows = Array.from({ length: between(2, 4) }, () => ({
      afterMs: between(SOONEST_MS, LATEST_MS),
      blow: nextKind(),
    }));
    yield {
      fault,
      engine: isOfOne ? between(1, 3) : undefined,
      faultMs: between(40_000, 60_000),
      blows: blows.sort((a, b) => a.afterMs - b.afterMs),
    };
  }
}

/** A blow in words. */
export function describeBlow(blow: Blow): string {
  switch (blow.kind) {
    case 'kill':
      return `kill -9 ${blow.part}`;
    case 'freeze':
      return `freeze ${blow.part} for ${blow.forMs} ms`;
    case 'slow':
    case 'cut':
    case 'silent':
      return `${blow.kind} link to ${blow.link} for ${blow.forMs} ms`;
    case 'full-disk':
      return `full disk for ${blow.forMs} ms`;
    case 'clock-step':
      return `clock step by ${blow.byMs / 1000} s`;
    case 'webhooks':
      return `the same webhook three times, the last ${blow.delayMs} ms late`;
    case 'operator':
      return `an operator's ${blow.order}`;
    case 'terminate':
      return 'an incident is terminated, as in Temporal’s UI';
  }
}
