import { clockTime, howMuch } from './describe-change.js';
import type { Facts } from './facts.js';
import { changeIn } from './facts.js';
import type { RatedHypothesis } from './report.js';
import { signalOf, type Signal } from './signal.js';
import type { SignalChange } from './signal-change.js';

/** Which symptom is told first: what users feel most. */
const TOLD_FIRST: readonly Signal[] = ['availability', 'errors', 'latency', 'throughput', 'queue'];

/** What users feel most where the incident is, the violated signal first; undefined where nothing shows. */
export function symptomIn(facts: Facts): SignalChange | undefined {
  const violated = signalOf(facts.evidence.incident.metric);
  const signals = violated === undefined ? TOLD_FIRST : [violated, ...TOLD_FIRST];
  return signals
    .map((signal) => changeIn(facts, signal))
    .find((change) => change?.isWorse === true);
}

/**
 * The probable cause in one short sentence: who, what changed how much and when, whether its peers did, and
 * why. Says so where the cause is undetermined.
 */
export function summarise(facts: Facts, cause: RatedHypothesis | undefined): string {
  const { scope, evidence, onsetMs } = facts;
  const hit = scope.kind === 'replica' ? scope.replica : evidence.incident.service;
  const who = cause ? (cause.replica ?? cause.service) : hit;
  const symptom = symptomIn(facts);
  const what = symptom
    ? `${symptom.signal} ${symptom.after > symptom.before ? 'rose' : 'fell'} ${howMuch(symptom)} at ${clockTime(onsetMs)}`
    : `${evidence.incident.metric} is beyond its limit since ${clockTime(onsetMs)}`;
  const peers =
    scope.kind === 'replica' && scope.peers > 0 && who === hit
      ? ' while its peers stayed flat'
      : scope.kind === 'service' && scope.replicas > 1
        ? ' on all replicas'
        : '';
  if (!cause) return `${who}: ${what}${peers}; the cause is undetermined`;
  const reason = cause.evidenceFor[0]?.text;
  return `${who}: ${what}${peers}; probably ${cause.mechanism ?? cause.title}${reason === undefined ? '' : ` (${reason})`}`;
}
