import { describe, expect, it } from 'vitest';
import { NEW_BREAKER, type Breaker } from '../../../src/domain/recovery/breaker.js';
import { DEFAULT_BREAKERS, type BreakerKind } from '../../../src/domain/recovery/breaker-kinds.js';
import { failedTrialsViolation, trialKinds } from '../../../src/domain/recovery/failed-trials.js';

const open = (failedTrials: number, trialErrors: readonly string[] = []): Breaker => ({
  ...{ ...NEW_BREAKER, epoch: 7, sinceMs: 9_000, failedTrials, trialErrors },
  ...{ status: 'open', openedAtMs: 1_000, untilMs: 69_000 },
});
const halfOpen = (failedTrials: number): Breaker => ({
  ...{ ...NEW_BREAKER, epoch: 8, sinceMs: 9_000, failedTrials },
  ...{ status: 'half-open', openedAtMs: 1_000, successes: 1 },
});
const of = (given: Partial<Record<BreakerKind, Breaker>>) =>
  failedTrialsViolation({
    ...{ service: 'chat', replica: 'engine-2' },
    of: (Object.entries(given) as [BreakerKind, Breaker][]).map(([kind, breaker]) => ({
      ...{ kind, breaker, settings: DEFAULT_BREAKERS[kind] },
    })),
  });

describe('a replica whose trials keep failing', () => {
  it.each<[string, Partial<Record<BreakerKind, Breaker>>, boolean]>([
    ['never opened', { aphrodite_engine: NEW_BREAKER }, false],
    ['fewer trials than allowed', { aphrodite_engine: open(2) }, false],
    ['as many as allowed', { aphrodite_engine: open(3) }, true],
    ['the next trial under way', { aphrodite_engine: halfOpen(3) }, true],
    ['closed since', { aphrodite_engine: { ...NEW_BREAKER, failedTrials: 5 } }, false],
    [
      'isolated by a person',
      { aphrodite_engine: { ...NEW_BREAKER, failedTrials: 5, status: 'isolated', openedAtMs: 1 } },
      false,
    ],
    [
      'two kinds that fail, neither enough',
      { aphrodite_engine: open(2), model_inference: open(2) },
      false,
    ],
    ['one kind of two', { aphrodite_engine: open(0), model_inference: open(3) }, true],
    ['a kind whose SLI has a threshold of its own', { kv_cache: open(50) }, false],
  ])('%s', (_, given, isViolated) => {
    expect(of(given) !== undefined).toBe(isViolated);
  });

  it('is one violation of the replica, of the kind that is furthest beyond, with what was seen', () => {
    const violation = of({
      aphrodite_engine: open(3, ['', 'answers 5xx', 'answers 5xx']),
      model_inference: open(5, ['health check: HTTP 500']),
    });
    expect(violation).toEqual({
      fingerprint: 'chat:engine-2:breaker_trials',
      ...{ service: 'chat', replica: 'engine-2', threshold: 'breaker_trials' },
      ...{ metric: 'breaker_failed_trials', violationType: 'error_rate_spike', severity: 'major' },
      ...{ value: 5, limit: 2, unit: 'trials', direction: 'upper', windowMs: 30_000 },
      ...{ startedAtMs: 1_000, detectedAtMs: 9_000 },
      evidence:
        'breaker model_inference opened 6 times, 5 trials failed (health check: HTTP 500); ' +
        'breaker aphrodite_engine opened 4 times, 3 trials failed (answers 5xx)',
    });
  });

  it('leaves out the kinds that are switched off', () => {
    expect(trialKinds(DEFAULT_BREAKERS)).toEqual(['aphrodite_engine', 'model_inference']);
  });
});
