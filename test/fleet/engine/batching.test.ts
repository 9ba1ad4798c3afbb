import { describe, expect, it } from 'vitest';
import { Batching, type BatchObserver } from '../../../fleet/engine/batching.js';
import type { EngineProfile } from '../../../fleet/engine/profile.js';
import type { SequenceResult } from '../../../fleet/engine/sequence.js';

const profile: EngineProfile = {
  stepBaseMs: 10,
  perSequenceMs: 1,
  prefillMsPerToken: 0.1,
  maxNumSeqs: 2,
  maxPrefillTokens: 100,
  kvBlocks: 100,
  errorRatio: 0,
};

class Counts implements BatchObserver {
  preemptions = 0;
  tokens = 0;
  onStep = (): void => undefined;
  onPrefixLookup = (): void => undefined;
  onPrefilled = (): void => undefined;
  onFirstToken = (): void => void (this.tokens += 1);
  onNextToken = (): void => void (this.tokens += 1);
  onPreemption = (): void => void (this.preemptions += 1);
}

function setUp(changes: Partial<EngineProfile> = {}) {
  const counts = new Counts();
  const batching = new Batching({ ...profile, ...changes }, counts);
  const results: SequenceResult[] = [];
  const submit = (promptTokens: number, maxTokens: number, atMs: number) =>
    batching.submit(
      { hashes: [], promptTokens, maxTokens, finish: (result) => results.push(result) },
      atMs,
    );
  return { batching, counts, results, submit };
}

describe('Batching', () => {
  it('prefills and generates one token in the first step, then one a step', () => {
    const { batching, results, submit } = setUp();
    submit(50, 3, 0);
    // 10 + 1 + 50 × 0.1 = 16 ms, then twice 11 ms.
    expect(batching.nextWakeAtMs()).toBe(16);
    batching.advance(16);
    expect(batching.nextWakeAtMs()).toBe(38);
    batching.advance(37.9);
    expect(results).toEqual([]);
    batching.advance(38);
    expect(results).toEqual([
      {
        reason: 'length',
        promptTokens: 50,
        generatedTokens: 3,
        arrivedAtMs: 0,
        admittedAtMs: 0,
        firstTokenAtMs: 16,
        finishedAtMs: 38,
      },
    ]);
    expect(batching.nextWakeAtMs()).toBeUndefined();
  });

  it('computes a long prompt in chunks', () => {
    const { batching, results, submit } = setUp();
    submit(250, 1, 0);
    // Chunks of 100, 100 and 50 tokens: 21 + 21 + 16 ms.
    batching.advance(1000);
    expect(results[0]?.finishedAtMs).toBe(58);
  });

  it('makes everybody slower as the batch grows', () => {
    const { batching, results, submit } = setUp();
    submit(10, 10, 0);
    submit(10, 10, 0);
    batching.advance(10_000);
    // Alone: 12 + 9 × 11 = 111 ms.
    expect(results[0]?.finishedAtMs).toBeGreaterThan(111);
    expect(results).toHaveLength(2);
  });

  it('queues beyond the largest batch and admits when a place is free', () => {
    const { batching, results, submit } = setUp();
    submit(10, 2, 0);
    submit(10, 5, 0);
    submit(10, 2, 0);
    expect([batching.runningCount(), batching.waitingCount()]).toEqual([1, 2]);
    batching.advance(13);
    expect([batching.runningCount(), batching.waitingCount()]).toEqual([2, 1]);
    batching.advance(1000);
    const [first, third] = results;
    expect(third?.admittedAtMs).toBe(first?.finishedAtMs);
  });

  it('preempts the last sequence when the cache is full, and still finishes both', () => {
    const { batching, counts, results, submit } = setUp({ kvBlocks: 64 });
    batching.cache.leak(54, 0);
    submit(30, 100, 0);
    submit(30, 100, 0);
    batching.advance(100_000);
    expect(counts.preemptions).toBeGreaterThan(0);
    expect(results.map(({ reason, generatedTokens }) => [reason, generatedTokens])).toEqual([
      ['length', 100],
      ['length', 100],
    ]);
    expect(counts.tokens).toBe(200);
    expect(batching.cache.usedBlocks()).toBe(54);
  });

  it('ends a request that can never fit as an error', () => {
    const { results, submit } = setUp();
    submit(5000, 1, 0);
    expect(results.map(({ reason }) => reason)).toEqual(['error']);
  });

  it('stands still while frozen: running stays, nothing is generated', () => {
    const { batching, counts, results, submit } = setUp();
    submit(10, 50, 0);
    batching.advance(100);
    batching.setFrozen(true, 100);
    const before = counts.tokens;
    batching.advance(60_000);
    expect([counts.tokens, batching.runningCount(), batching.nextWakeAtMs()]).toEqual([
      before,
      1,
      undefined,
    ]);
    batching.setFrozen(false, 60_000);
    batching.advance(70_000);
    expect(results).toHaveLength(1);
  });

  it('gives the blocks of an aborted sequence back', () => {
    const { batching, results, submit } = setUp();
    const sequence = submit(100, 50, 0);
    batching.abort(sequence, 5);
    expect(results.map(({ reason }) => reason)).toEqual(['abort']);
    expect(batching.cache.usedBlocks()).toBe(0);
    batching.abort(sequence, 6);
    expect(results).toHaveLength(1);
  });

  it('collapses under the throttle of a slow replica only when the batch is big', () => {
    const finishedAt = (sequences: number): number => {
      const { batching, results, submit } = setUp({ maxNumSeqs: 8 });
      batching.throttle = { baseFactor: 1.3, sequenceFactor: 11 };
      for (let index = 0; index < sequences; index++) submit(10, 10, 0);
      batching.advance(100_000);
      return Math.max(...results.map((result) => result.finishedAtMs));
    };
    expect(finishedAt(1)).toBeLessThan(1.4 * 111);
    expect(finishedAt(8) / 8).toBeGreaterThan(finishedAt(1));
  });
});
