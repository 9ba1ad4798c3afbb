import { CallGraph } from './call-graph.js';
import { measureExcess, type Excess } from './excess.js';
import type { MeasuredSeries } from './measured-series.js';
import type { RankedCause, RankInput } from './rank-input.js';

/** From 3 units on a service is anomalous: three standard deviations of its past. */
const ANOMALOUS = 3;
/** A callee takes its excess off its callers from 1.5 units on: less may be noise that both share. */
const EXPLAINING = 1.5;
/**
 * What a service that no known call reaches must have of the best reached suspect's excess to be preferred:
 * half of it, since an excess is found again on its way up, but for noise and retries.
 */
const SHARE_OF_UNREACHED = 0.5;
/**
 * And of its units. The origin is the least diluted one: its callers mix the slow calls with others. 0.7
 * and not 1, since the spread that units are measured in differs between both.
 */
const UNITS_OF_UNREACHED = 0.7;

/** A ranking by excess flow, and the units by which the symptom stands out. */
export interface FlowRanking {
  readonly ranking: readonly RankedCause[];
  readonly symptomUnits: number;
  /** Units that the symptom reached before, without an incident. */
  readonly pastSymptomUnits: number;
  /** Whether at least one service is anomalous. */
  readonly hasSuspect: boolean;
}

/**
 * Ranks services by their own excess: what they spend too much (or fail) minus what their callees do.
 *
 * Latency × requests is time spent and (1 − availability) × requests are failures; both add up along calls,
 * so a caller's excess minus its callees' is its own. Services that no known call reaches come in where
 * they would explain the reached ones (edges get lost); without any edges everything is taken to be below
 * the symptom. Returns undefined where the symptom itself has no series of the incident's kind.
 */
export function rankByExcessFlow(
  input: RankInput,
  measured: readonly MeasuredSeries[],
  onsetMs: number,
): FlowRanking | undefined {
  const graph = new CallGraph(input.topology);
  const excesses = measureExcess(input, measured, onsetMs, graph);
  const symptomService = input.incident.service;
  const symptom = excesses.get(symptomService);
  if (!symptom) return undefined;
  const own = ownExcesses(excesses, graph, symptom);
  const reached = graph.reachableFrom(symptomService);
  const candidates = new Set(
    [...excesses.keys()].filter((service) => graph.isEmpty || reached.has(service)),
  );
  if (!graph.isEmpty) admitUnreached(excesses, own, graph, symptomService, candidates);

  const tier = (excess: Excess): number =>
    candidates.has(excess.service) ? (excess.units > ANOMALOUS ? 0 : 1) : 2;
  const key = (excess: Excess): number =>
    tier(excess) === 0 ? own.get(excess.service)! : excess.units;
  const order = [...excesses.values()].sort((a, b) => tier(a) - tier(b) || key(b) - key(a));
  return {
    ranking: order.map((excess) => ({
      service: excess.service,
      metric: excess.metric,
      score: own.get(excess.service)!,
    })),
    symptomUnits: symptom.units,
    pastSymptomUnits: symptom.pastUnits,
    hasSuspect: order[0] !== undefined && tier(order[0]) === 0,
  };
}

function ownExcesses(
  excesses: ReadonlyMap<string, Excess>,
  graph: CallGraph,
  symptom: Excess,
): Map<string, number> {
  const own = new Map<string, number>();
  for (const [service, excess] of excesses) {
    let explained = 0;
    for (const callee of graph.calleesOf(service)) {
      const other = excesses.get(callee);
      if (other && other.units > EXPLAINING) explained += Math.max(0, other.flow);
    }
    own.set(service, excess.flow - explained);
  }
  if (graph.isEmpty) {
    // All calls come through the symptom, so the greatest excess elsewhere is part of its excess.
    let explained = 0;
    for (const other of excesses.values()) {
      if (other !== symptom && other.units > ANOMALOUS)
        explained = Math.max(explained, Math.min(symptom.flow, other.flow));
    }
    own.set(symptom.service, symptom.flow - explained);
  }
  return own;
}

/** Adds unreached services that look like the lost origin; raises their own excess above the reached ones'. */
function admitUnreached(
  excesses: ReadonlyMap<string, Excess>,
  own: Map<string, number>,
  graph: CallGraph,
  symptomService: string,
  candidates: Set<string>,
): void {
  let best = excesses.get(symptomService)!;
  let bestOwn = -Infinity;
  for (const service of candidates) {
    const excess = excesses.get(service)!;
    if (excess.units > ANOMALOUS && own.get(service)! > bestOwn) {
      best = excess;
      bestOwn = own.get(service)!;
    }
  }
  const least = own.get(best.service)!;
  for (const [service, excess] of excesses) {
    if (candidates.has(service)) continue;
    // A caller of the symptom suffers from it and cannot be below it.
    if (graph.reachableFrom(service).has(symptomService)) continue;
    const ownExcess = own.get(service)!;
    if (excess.units <= Math.max(ANOMALOUS, UNITS_OF_UNREACHED * best.units)) continue;
    if (ownExcess < SHARE_OF_UNREACHED * least) continue;
    candidates.add(service);
    own.set(service, ownExcess + Math.max(0, least));
  }
}
