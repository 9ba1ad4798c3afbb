import { isFelt, weighJump, weightOf, type EvidenceSeries } from './evidence-weight.js';
import { jumpAt, type EvidenceFamily } from './measured-series.js';
import type { RankedCause } from './rank-input.js';

/** What speaks against one service, per family, strongest first. */
export interface Suspicion {
  readonly service: string;
  readonly families: readonly {
    readonly family: EvidenceFamily;
    readonly metric: string;
    readonly units: number;
  }[];
}

/**
 * What the incident's own latency and availability may say against its own service. They are why there is
 * an incident, not where it comes from: 3 units make it the suspect as long as no other shows anything.
 */
const MOST_OF_SYMPTOM = 3;

/** Gathers the jumps at an onset into suspicions, in no order; services without evidence have no family. */
export function suspect(
  evidence: readonly EvidenceSeries[],
  services: Iterable<string>,
  symptomService: string,
  at: { readonly fromMs: number; readonly length: number },
): Suspicion[] {
  const found = new Map<string, Map<string, Suspicion['families'][number]>>();
  for (const service of services) found.set(service, new Map());
  for (const series of evidence) {
    const { family, service, metric } = series;
    let units = weighJump(family, series, jumpAt(series, at.fromMs, at.length));
    if (service === symptomService && isFelt(family) && series.kind.peer === undefined) {
      units = Math.min(units, MOST_OF_SYMPTOM);
    }
    const families = found.get(service);
    // Both are views of the same calls: they are one witness.
    const witness = family === 'gap' ? 'edge' : family;
    if (families && units > (families.get(witness)?.units ?? 0)) {
      families.set(witness, { family, metric, units });
    }
  }
  return [...found].map(([service, families]) => ({
    service,
    families: [...families.values()].sort((a, b) => b.units - a.units),
  }));
}

/**
 * Ranks suspicions by their strongest family times the square root of 1 + the second one.
 *
 * Two independent families are better than one: a fault shows in what a process uses and in what its
 * callers feel. The root keeps a second family from outweighing the first.
 */
export function rankSuspicions(suspicions: readonly Suspicion[]): RankedCause[] {
  return suspicions
    .map(({ service, families }) => ({
      service,
      metric: families[0]?.metric ?? '',
      score: (families[0]?.units ?? 0) * Math.sqrt(1 + (families[1]?.units ?? 0)),
    }))
    .sort((a, b) => b.score - a.score);
}

/** Families that need no second witness: a process that runs hot, calls that hang or fail. */
const DIRECT: ReadonlySet<EvidenceFamily> = new Set<EvidenceFamily>([
  'cpu',
  'gpu',
  'edge',
  'gap',
  'availability',
  'errors',
]);
/** One direct family alone names a cause from here on; chance reached 17 units in quiet windows. */
const OVERWHELMING = 20;
/** Two families together, or one with the symptom. */
const CLEAR = 6;
/** From 3 units on the symptom itself is beyond its past noise. */
const CLEAR_SYMPTOM = 3;

/**
 * Whether a suspicion is strong enough to be named.
 *
 * Work and memory never are: they change on their own. A slow service that nobody waits for is not the
 * cause of anything, so a latency alone needs a second family or the symptom. `symptomUnits` is NaN
 * where the symptom has no series.
 */
export function isNameable(suspicion: Suspicion, symptomUnits: number): boolean {
  const telling = suspicion.families.filter(({ family }) => weightOf(family) === 1);
  const direct = telling.find(({ family }) => DIRECT.has(family))?.units ?? 0;
  return (
    direct >= OVERWHELMING ||
    (telling[1]?.units ?? 0) >= CLEAR ||
    ((telling[0]?.units ?? 0) >= CLEAR && symptomUnits >= CLEAR_SYMPTOM)
  );
}
