import type { EngineFault } from '../engine/fault.js';

/** Numbers that a fault is tuned by, with their defaults. */
export type FaultParameters = Readonly<Record<string, number>>;

/** How a fault is brought about. */
type FaultMeans =
  | { readonly kind: 'engine'; readonly build: (parameters: FaultParameters) => EngineFault }
  | {
      readonly kind: 'load';
      readonly build: (parameters: FaultParameters) => Readonly<Record<string, number>>;
    }
  | { readonly kind: 'release' }
  | { readonly kind: 'crash' }
  | { readonly kind: 'crash-loop' };

/** One fault that can be injected. */
export interface FaultDefinition {
  readonly name: string;
  /** `replica`: one replica must be named. `replica-or-all`: all without. `fleet`: takes none. */
  readonly scope: 'replica' | 'replica-or-all' | 'fleet';
  readonly description: string;
  readonly curedBy: string;
  readonly notCuredBy: string;
  /**
   * Kinds of cause that an analysis is right to name, best first; `undetermined` where nothing that can be
   * observed from outside tells it from others, `none` where it may pass before anybody is hurt.
   */
  readonly rightCauses: readonly string[];
  readonly parameters: FaultParameters;
  /** Whether it survives a restart of the replica unless the injection says otherwise. */
  readonly isPersistent: boolean;
  readonly means: FaultMeans;
}

const take = (parameters: FaultParameters, name: string): number => parameters[name] ?? 0;

/** The release that the bad-release fault activates. */
export const badRelease = 'r2';

/** Every fault, in the order of README.md. */
export const faultCatalogue: readonly FaultDefinition[] = [
  {
    name: 'slow-replica',
    scope: 'replica',
    description: 'Thermal throttling: small batches run nearly at speed, big ones collapse.',
    curedBy: 'less weight (25 or below) or draining; a restart moves it to another GPU',
    notCuredBy: 'cache reset, scaling the others, waiting',
    rightCauses: ['infrastructure'],
    parameters: { baseFactor: 1.3, sequenceFactor: 11 },
    isPersistent: false,
    means: {
      kind: 'engine',
      build: (p) => ({
        kind: 'slow-replica',
        baseFactor: take(p, 'baseFactor'),
        sequenceFactor: take(p, 'sequenceFactor'),
      }),
    },
  },
  {
    name: 'kv-leak',
    scope: 'replica',
    description: 'KV blocks leak with every finished request until sequences are preempted.',
    curedBy: 'restart; a prefix cache reset frees four fifths and helps for a while',
    notCuredBy: 'scaling, health check reset',
    rightCauses: ['application'],
    parameters: { blocksPerRequest: 2 },
    isPersistent: false,
    means: {
      kind: 'engine',
      build: (p) => ({ kind: 'kv-leak', blocksPerRequest: take(p, 'blocksPerRequest') }),
    },
  },
  {
    name: 'stale-cache',
    scope: 'replica-or-all',
    description: 'The prefix cache is full of useless entries: no hits, and prefill dominates.',
    curedBy: 'a prefix cache reset while no request is running (drain first); restart',
    notCuredBy: 'a reset under load, which answers 200 and resets nothing',
    rightCauses: ['application'],
    parameters: { prefillFactor: 1.7 },
    isPersistent: false,
    means: {
      kind: 'engine',
      build: (p) => ({ kind: 'stale-cache', prefillFactor: take(p, 'prefillFactor') }),
    },
  },
  {
    name: 'erroring-replica',
    scope: 'replica',
    description: 'A share of completions answers 500 at once.',
    curedBy: 'restart; an open breaker or draining hides it',
    notCuredBy: 'cache reset, scaling',
    rightCauses: ['application'],
    parameters: { share: 0.6 },
    isPersistent: false,
    means: {
      kind: 'engine',
      build: (p) => ({ kind: 'erroring-replica', share: take(p, 'share') }),
    },
  },
  {
    name: 'hung-core',
    scope: 'replica',
    description: 'The core stops: requests never finish, no token is made, /health answers 200.',
    curedBy: 'restart; draining hides it',
    notCuredBy: 'cache reset, scaling, waiting',
    rightCauses: ['application'],
    parameters: {},
    isPersistent: false,
    means: { kind: 'engine', build: () => ({ kind: 'hung-core' }) },
  },
  {
    name: 'bad-release',
    scope: 'fleet',
    description: 'Activates release r2 on all engines: slow steps and 5 % errors.',
    curedBy: 'activating the previous release',
    notCuredBy: 'restart, weights, scaling, cache reset',
    rightCauses: ['code-regression'],
    parameters: {},
    isPersistent: true,
    means: { kind: 'release' },
  },
  {
    name: 'overload',
    scope: 'fleet',
    description: 'Clients multiply their rate beyond what three engines can do.',
    curedBy: 'scaling out to six engines that are registered at the gateway',
    notCuredBy: 'weights, restart, cache reset',
    rightCauses: ['capacity-limits'],
    parameters: { factor: 3.5 },
    isPersistent: true,
    means: { kind: 'load', build: (p) => ({ factor: take(p, 'factor') }) },
  },
  {
    name: 'noisy-tenant',
    scope: 'fleet',
    description: 'One tenant sends huge prompts and fills all KV caches.',
    curedBy: "the routing map: a replica of its own, or reject, for tenant 'noisy'",
    notCuredBy: 'weights, restart, cache reset',
    rightCauses: ['resource-contention'],
    parameters: { rps: 2.5 },
    isPersistent: true,
    means: { kind: 'load', build: (p) => ({ noisyRps: take(p, 'rps') }) },
  },
  {
    name: 'crash',
    scope: 'replica',
    description: 'The engine is killed once (kill -9).',
    curedBy: 'the supervisor starts it again after a second',
    notCuredBy: '',
    rightCauses: ['application', 'none'],
    parameters: {},
    isPersistent: false,
    means: { kind: 'crash' },
  },
  {
    name: 'crash-loop',
    scope: 'replica',
    description: 'The engine ends soon after every start.',
    curedBy: 'only clearing the fault; draining hides it',
    notCuredBy: 'restart',
    rightCauses: ['application'],
    parameters: { diesAfterMs: 1500 },
    isPersistent: true,
    means: { kind: 'crash-loop' },
  },
  {
    name: 'unreachable',
    scope: 'replica',
    description: 'The engine accepts connections and never answers, /metrics and /health included.',
    curedBy: 'restart',
    notCuredBy: 'cache reset, weights',
    rightCauses: ['application'],
    parameters: {},
    isPersistent: false,
    means: { kind: 'engine', build: () => ({ kind: 'unreachable' }) },
  },
  {
    name: 'slow-metrics',
    scope: 'replica',
    description: 'The engine answers /metrics very late; everything else works.',
    curedBy: 'restart',
    notCuredBy: 'anything at the gateway',
    rightCauses: ['application'],
    parameters: { delayMs: 8000 },
    isPersistent: false,
    means: {
      kind: 'engine',
      build: (p) => ({ kind: 'slow-metrics', delayMs: take(p, 'delayMs') }),
    },
  },
  {
    name: 'no-cure',
    scope: 'fleet',
    description: 'All engines, new ones too, are slow at every batch size.',
    curedBy: 'only clearing the fault',
    notCuredBy: 'every action',
    rightCauses: ['infrastructure', 'undetermined'],
    parameters: { baseFactor: 5 },
    isPersistent: true,
    means: {
      kind: 'engine',
      build: (p) => ({ kind: 'no-cure', baseFactor: take(p, 'baseFactor') }),
    },
  },
];

/** A fault's definition by name. */
export function findFault(name: string): FaultDefinition | undefined {
  return faultCatalogue.find((definition) => definition.name === name);
}
