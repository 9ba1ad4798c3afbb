import type { SeriesPoints } from '../ports.js';
import type { Facts } from './facts.js';
import type { Assessment, Hypothesis } from './hypotheses/hypothesis.js';
import { HYPOTHESES } from './hypotheses/index.js';
import { insightsOf } from './insights.js';
import { likelihoodsOf } from './likelihood.js';
import { missingEvidence } from './missing-evidence.js';
import { picturesOf } from './pictures.js';
import { recommend } from './recommendations.js';
import type { RatedHypothesis, RelatedSeries, RootCauseReport } from './report.js';
import { signalOf, SYMPTOMS } from './signal.js';
import { featuresOf } from './similar.js';
import { summarise, symptomIn } from './summarise.js';
import { timelineOf } from './timeline.js';
import { componentOf, topologyOf } from './topology.js';

/** From here on a hypothesis is named as the probable cause, */
const LEAST_PROBABILITY = 0.5;
/** and from here on without reserve. */
const CONFIDENT_PROBABILITY = 0.8;
/** Ranked causes that a report keeps. */
const MOST_RANKED = 20;

/**
 * Judges all hypotheses by the facts and writes the report, in steps that yield the share done (0..1).
 */
export function* judgingSteps(
  facts: Facts,
  series: readonly SeriesPoints[],
  related: readonly RelatedSeries[],
): Generator<number, RootCauseReport> {
  const { evidence, onsetMs, scope } = facts;
  const assessed: (Assessment & { hypothesis: Hypothesis })[] = [];
  for (const [i, hypothesis] of HYPOTHESES.entries()) {
    yield i / HYPOTHESES.length;
    assessed.push({ hypothesis, ...hypothesis.assess(facts) });
  }
  const missing = missingEvidence(evidence);
  yield 1;
  const timeline = timelineOf(facts, series);
  yield 1;
  const { probabilities, undetermined } = likelihoodsOf(
    assessed.map((one) => one.arguments.reduce((sum, { weight }) => sum + weight, 0)),
  );
  const hit = {
    service: evidence.incident.service,
    replica: scope.kind === 'replica' ? scope.replica : undefined,
  };
  const symptom = symptomIn(facts)?.metric ?? evidence.incident.metric;
  const rated: RatedHypothesis[] = assessed.map((one, i) => {
    const metric = one.metric ?? symptom;
    const signal = signalOf(metric);
    const sorted = [...one.arguments].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    return {
      kind: one.hypothesis.kind,
      title: one.hypothesis.title,
      probability: probabilities[i]!,
      mechanism: one.mechanism,
      ...(one.place ?? hit),
      metric,
      component: signal && componentOf(signal),
      evidenceFor: sorted.filter(({ weight }) => weight > 0),
      evidenceAgainst: sorted.filter(({ weight }) => weight < 0),
    };
  });
  const hypotheses = rated.sort((a, b) => b.probability - a.probability);
  const likeliest = hypotheses[0];
  const cause = likeliest && likeliest.probability >= LEAST_PROBABILITY ? likeliest : undefined;
  return {
    version: 1,
    incident: evidence.incident,
    onsetMs,
    summary: summarise(facts, cause),
    probableCause: cause,
    // Nobody is sure of the cause of something that no series shows.
    isConfident: (cause?.probability ?? 0) >= CONFIDENT_PROBABILITY && isFelt(facts),
    hypotheses,
    undetermined,
    rankedCauses: facts.ranking.ranking.slice(0, MOST_RANKED),
    topology: topologyOf(evidence),
    related,
    insights: insightsOf(facts, cause, related),
    prevention: HYPOTHESES.find(({ kind }) => kind === likeliest?.kind)?.prevention ?? [],
    recommendations: recommend(hypotheses, missing),
    timeline,
    pictures: picturesOf(facts),
    missing,
    features: featuresOf(facts, cause),
    similar: [],
  };
}

/** Whether any series shows that users suffer. */
function isFelt({ changes }: Facts): boolean {
  return changes.some(({ signal, isWorse }) => isWorse && SYMPTOMS.has(signal));
}
