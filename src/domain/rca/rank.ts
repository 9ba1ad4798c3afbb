import { evidenceSeries, type EvidenceSeries } from './evidence-weight.js';
import { rankByExcessFlow } from './excess-flow.js';
import { jumpAt, measureSeries, type MeasuredSeries } from './measured-series.js';
import { badDirection } from './metric-kind.js';
import { networkGaps } from './network-gap.js';
import { FARTHEST_MS, onsetSteps } from './onset.js';
import { medianOf } from './quantiles.js';
import type { RankInput, RootCauseRanking } from './rank-input.js';
import { isNameable, rankSuspicions, suspect } from './shift-ranking.js';

/** Samples after an onset that a jump is judged by: one bad sample out of four moves no median. */
const LEAST_LENGTH = 4;
/** At short periods a minute: shorter jumps are no incident. */
const LEAST_LENGTH_MS = 60_000;
/** The symptom's units from which on its excess is no noise (three standard deviations). */
const CLEAR_SYMPTOM = 3;
/** The onset is looked for in at most this share of the past, so that two thirds remain to call normal. */
const SHARE_OF_PAST = 1 / 3;
/** And in the first half of what came after: later there is too little left to judge by. */
const SHARE_OF_REST = 1 / 2;
/** Series measured between two yields: about 2 ms at 360 samples. */
const SERIES_PER_STEP = 64;
/** Candidates for the onset on either side, at most, where the period is short. */
const MOST_CANDIDATES = 30;

/**
 * Ranks the services of an incident by how likely they are its cause.
 *
 * Where resources or single calls are measured, by the jump of every series against its past; elsewhere by
 * excess flow over the calls. All services with a series are ranked, those that nothing speaks against
 * last. `confident` is false whenever the symptom or the evidence might be chance. Cost is linear in the
 * samples. An input without usable series gives an empty or arbitrary order and `confident: false`.
 */
export function rankRootCauses(input: RankInput): RootCauseRanking {
  const steps = rankingSteps(input);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `rankRootCauses` in steps of a few milliseconds; yields a share done (0..1) that may start again once. */
export function* rankingSteps(input: RankInput): Generator<number, RootCauseRanking> {
  const { startedAtMs, service: symptomService } = input.incident;
  const { firstMs, lastMs } = span(input);
  const backMs = searchWidth((startedAtMs - firstMs) * SHARE_OF_PAST, input.stepMs);
  const bounds = { stepMs: input.stepMs, startedAtMs, quietUntilMs: startedAtMs - backMs };
  const measured: MeasuredSeries[] = [];
  for (const [i, series] of input.series.entries()) {
    if (i % SERIES_PER_STEP === 0) yield i / input.series.length;
    const one = measureSeries(series, bounds);
    if (one) measured.push(one);
  }
  const evidence = evidenceSeries(measured, networkGaps(measured));
  const symptom = symptomSeries(evidence, input);
  const isShift = evidence.some(({ family }) => !FLOW_FAMILIES.has(family));
  const length = Math.max(LEAST_LENGTH, Math.round(LEAST_LENGTH_MS / input.stepMs));
  const onsetMs = yield* onsetSteps(
    isShift ? evidence : evidence.filter((one) => one.kind.quantity === symptomQuantity(input)),
    symptom,
    {
      startedAtMs,
      backMs,
      aheadMs: searchWidth((lastMs - startedAtMs) * SHARE_OF_REST, input.stepMs),
      stepMs: Math.max(input.stepMs, backMs / MOST_CANDIDATES),
      periodMs: input.stepMs,
      length,
    },
  );
  if (!isShift) {
    const flow = rankByExcessFlow(input, measured, onsetMs);
    if (flow) {
      // What recurs without an incident, such as an hourly job, is no symptom.
      const leastUnits = Math.max(CLEAR_SYMPTOM, flow.pastSymptomUnits);
      const confident = flow.symptomUnits > leastUnits && flow.hasSuspect;
      return { ranking: flow.ranking, confident, onsetMs, method: 'excess-flow' };
    }
  }
  const services = new Set(input.series.map(({ service }) => service));
  const at = { fromMs: onsetMs - input.stepMs / 2, length };
  const suspicions = suspect(evidence, services, symptomService, at);
  const ranking = rankSuspicions(suspicions);
  const first = suspicions.find(({ service }) => service === ranking[0]?.service);
  const symptomUnits = medianOf(
    symptom.map((one) => badDirection(one.kind.quantity) * jumpAt(one, at.fromMs, at.length)),
  );
  const confident = first !== undefined && isNameable(first, symptomUnits);
  return { ranking, confident, onsetMs, method: 'shift' };
}

/** What excess flow understands; anything else is a resource or a single call's. */
const FLOW_FAMILIES: ReadonlySet<EvidenceSeries['family']> = new Set<EvidenceSeries['family']>([
  'latency',
  'availability',
  'errors',
]);

function symptomQuantity(input: RankInput): MeasuredSeries['kind']['quantity'] {
  return input.incident.kind === 'performance' ? 'latency' : input.incident.kind;
}

/** The incident's own series: of its service and kind, not of a single peer. */
function symptomSeries(evidence: readonly EvidenceSeries[], input: RankInput): EvidenceSeries[] {
  return evidence.filter(
    ({ service, kind }) =>
      service === input.incident.service &&
      kind.quantity === symptomQuantity(input) &&
      kind.peer === undefined,
  );
}

function searchWidth(availableMs: number, stepMs: number): number {
  return Math.max(Math.min(FARTHEST_MS, availableMs), stepMs);
}

function span(input: RankInput): { firstMs: number; lastMs: number } {
  let firstMs = input.incident.startedAtMs;
  let lastMs = firstMs;
  for (const { timesMs } of input.series) {
    if (timesMs.length === 0) continue;
    firstMs = Math.min(firstMs, timesMs[0]!);
    lastMs = Math.max(lastMs, timesMs[timesMs.length - 1]!);
  }
  return { firstMs, lastMs };
}
