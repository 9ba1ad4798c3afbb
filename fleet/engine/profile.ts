/** How fast one release of the engine is, and how much it holds. Times in milliseconds. */
export interface EngineProfile {
  /** Cost of a step whatever its batch. */
  readonly stepBaseMs: number;
  /** Further cost of a step per running sequence. */
  readonly perSequenceMs: number;
  /** Further cost of a step per prompt token computed in it. */
  readonly prefillMsPerToken: number;
  /** Largest batch. */
  readonly maxNumSeqs: number;
  /** Prompt tokens computed in one step at most (chunked prefill). */
  readonly maxPrefillTokens: number;
  /** Blocks of the KV cache. */
  readonly kvBlocks: number;
  /** Share (0 to 1) of completions that end in a 500. */
  readonly errorRatio: number;
}

/** Tokens per KV block, as in Aphrodite's default. */
export const blockTokens = 16;

/** Characters per token of the reference tokenizer, about that of English text. */
export const charactersPerToken = 4;

/**
 * Three such engines carry the default load at about 40 % of their largest throughput, and the
 * overload fault's 3.5 times of it only as six. README.md has the arithmetic.
 */
const steady: EngineProfile = {
  stepBaseMs: 3.4,
  perSequenceMs: 0.2,
  prefillMsPerToken: 0.03,
  maxNumSeqs: 8,
  maxPrefillTokens: 512,
  kvBlocks: 640,
  errorRatio: 0,
};

/** Releases by id. r2 is the bad one: slower at every batch size, and 5 % errors. */
export const engineProfiles: Readonly<Record<string, EngineProfile>> = {
  r1: steady,
  r2: { ...steady, stepBaseMs: 13, errorRatio: 0.05 },
};

/** What a fault does to the duration of a step. */
export interface Throttle {
  /** Multiplies the base cost. */
  readonly baseFactor: number;
  /** Multiplies the per-sequence cost in a batch of `sequenceFactorAt` sequences or more. */
  readonly sequenceFactor: number;
}

/** No throttling. */
export const unthrottled: Throttle = { baseFactor: 1, sequenceFactor: 1 };

/**
 * Batch size at which a throttle's sequence factor is reached in full; below, it grows from 1.
 * Power-capped silicon runs small batches nearly at speed and collapses under big ones, which
 * is why less weight cures such a replica and more patience does not.
 */
const sequenceFactorAt = 6;

/** Duration of one step in milliseconds. */
export function stepDurationMs(
  profile: EngineProfile,
  throttle: Throttle,
  runningSequences: number,
  prefillTokens: number,
): number {
  const depth = Math.max(0, (runningSequences - 1) / (sequenceFactorAt - 1));
  const sequenceFactor = 1 + (throttle.sequenceFactor - 1) * depth;
  return (
    throttle.baseFactor * profile.stepBaseMs +
    sequenceFactor * profile.perSequenceMs * runningSequences +
    profile.prefillMsPerToken * prefillTokens
  );
}
