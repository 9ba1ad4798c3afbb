import { weightOf, type EvidenceSeries } from './evidence-weight.js';
import { jumpAt } from './measured-series.js';

/** Where an onset is looked for, and in what steps. */
export interface OnsetSearch {
  readonly startedAtMs: number;
  /** How far back and ahead of `startedAtMs`, at most. */
  readonly backMs: number;
  readonly aheadMs: number;
  readonly stepMs: number;
  /** Period of the series: a sample counts from half a period before the onset on. */
  readonly periodMs: number;
  /** Samples after an onset that are looked at. */
  readonly length: number;
}

/** Jumps below 2 units happen all the time, and say nothing of when. */
const NOTEWORTHY = 2;
/** One series' say: a jump of 10 units and one of 1,000 are equally certain to have happened. */
const MOST_PER_FAMILY = 8;
/**
 * What another onset must have more than the reported one: as much as one family of one service can say.
 * A single service that changed on its own near the incident does not move the onset, two do.
 */
const PRICE_OF_MOVING = MOST_PER_FAMILY;
/** The farthest onset counts 0.7 of the reported one: of two changes the nearer is the likelier one. */
const FARTHEST_SHARE = 0.7;
/** The symptom's say, as a share of all families': it defines the incident, yet may be too weak to show. */
const SYMPTOM_SHARE = 0.1;
/** Series judged between two yields: about 2 ms. */
const SERIES_PER_STEP = 512;
/** Where `FARTHEST_SHARE` is reached: reports are that much off at most. */
export const FARTHEST_MS = 300_000;

/**
 * Finds when the incident began, in steps that yield the share done (0..1): the time near the reported one at which most families of most services
 * jump together. Returns `startedAtMs` unless another time is clearly better.
 *
 * `symptom` are the series of the incident's own service and kind.
 */
export function* onsetSteps(
  evidence: readonly EvidenceSeries[],
  symptom: readonly EvidenceSeries[],
  search: OnsetSearch,
): Generator<number, number> {
  const families = new Set(evidence.map(familyKey)).size;
  let best = search.startedAtMs;
  let bestSupport = 0;
  const first = -Math.floor(search.backMs / search.stepMs);
  const last = Math.floor(search.aheadMs / search.stepMs);
  for (let step = first; step <= last; step++) {
    const onsetMs = search.startedAtMs + step * search.stepMs;
    const distance = Math.abs(step * search.stepMs) / FARTHEST_MS;
    const found = yield* supportSteps(
      evidence,
      symptom,
      families,
      onsetMs,
      search,
      (step - first) / (last - first + 1),
    );
    const support =
      (found - (step === 0 ? 0 : PRICE_OF_MOVING)) * (1 - (1 - FARTHEST_SHARE) * distance);
    if (support > bestSupport) {
      bestSupport = support;
      best = onsetMs;
    }
  }
  return best;
}

function* supportSteps(
  evidence: readonly EvidenceSeries[],
  symptom: readonly EvidenceSeries[],
  families: number,
  onsetMs: number,
  search: OnsetSearch,
  share: number,
): Generator<number, number> {
  const from = onsetMs - search.periodMs / 2;
  const say = (series: EvidenceSeries): number =>
    Math.min(
      MOST_PER_FAMILY,
      Math.max(0, Math.abs(jumpAt(series, from, search.length)) - NOTEWORTHY),
    );
  const perFamily = new Map<string, number>();
  for (const [i, series] of evidence.entries()) {
    if (i % SERIES_PER_STEP === 0) yield share;
    const said = say(series) * weightOf(series.family);
    const key = familyKey(series);
    if (said > (perFamily.get(key) ?? 0)) perFamily.set(key, said);
  }
  let support = 0;
  for (const said of perFamily.values()) support += said;
  for (const series of symptom) {
    support += (say(series) * SYMPTOM_SHARE * families) / symptom.length;
  }
  return support;
}

const familyKey = (series: EvidenceSeries): string => `${series.family} ${series.service}`;
