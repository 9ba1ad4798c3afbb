import type { KvLease } from './kv-cache.js';

/** Why a sequence ended, in Aphrodite's words. */
export type FinishReason = 'length' | 'abort' | 'error';

/** What a finished sequence tells. Instants on the engine's clock, in milliseconds. */
export interface SequenceResult {
  readonly reason: FinishReason;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly arrivedAtMs: number;
  /** First admission to the batch; undefined when it never ran. */
  readonly admittedAtMs: number | undefined;
  readonly firstTokenAtMs: number | undefined;
  readonly finishedAtMs: number;
}

/** One completion on its way through the engine. */
export interface Sequence {
  readonly hashes: readonly number[];
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly arrivedAtMs: number;
  readonly finish: (result: SequenceResult) => void;
  admittedAtMs: number | undefined;
  firstTokenAtMs: number | undefined;
  lastTokenAtMs: number | undefined;
  generatedTokens: number;
  /** Tokens still to be computed before the next one can be generated. */
  prefillTokens: number;
  lease: KvLease | undefined;
}

/** A sequence that just arrived. */
export function newSequence(
  request: Pick<Sequence, 'hashes' | 'promptTokens' | 'maxTokens' | 'finish'>,
  arrivedAtMs: number,
): Sequence {
  return {
    ...request,
    arrivedAtMs,
    admittedAtMs: undefined,
    firstTokenAtMs: undefined,
    lastTokenAtMs: undefined,
    generatedTokens: 0,
    prefillTokens: 0,
    lease: undefined,
  };
}

/** The result of a sequence that ends now. */
export function resultOf(
  sequence: Sequence,
  reason: FinishReason,
  finishedAtMs: number,
): SequenceResult {
  const { promptTokens, generatedTokens, arrivedAtMs, admittedAtMs, firstTokenAtMs } = sequence;
  return {
    reason,
    promptTokens,
    generatedTokens,
    arrivedAtMs,
    admittedAtMs,
    firstTokenAtMs,
    finishedAtMs,
  };
}
