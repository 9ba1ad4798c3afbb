import { KvCache, type KvLease } from './kv-cache.js';
import {
  blockTokens,
  stepDurationMs,
  unthrottled,
  type EngineProfile,
  type Throttle,
} from './profile.js';
import { newSequence, resultOf, type FinishReason, type Sequence } from './sequence.js';

/** Who wants to know what the batch does; instants and lengths in milliseconds. */
export interface BatchObserver {
  readonly onStep: (durationMs: number, tokens: number) => void;
  readonly onPrefixLookup: (queriedTokens: number, hitTokens: number) => void;
  readonly onPrefilled: (computedTokens: number) => void;
  readonly onFirstToken: (sinceArrivalMs: number) => void;
  readonly onNextToken: (sincePreviousMs: number) => void;
  readonly onPreemption: () => void;
}

/** A completion to run. */
export type BatchRequest = Pick<Sequence, 'hashes' | 'promptTokens' | 'maxTokens' | 'finish'>;

/**
 * Blocks that a leak leaves: one ordinary sequence at a time still fits, so that the engine
 * crawls, as a real one does, instead of stopping.
 */
const spareBlocks = 52;

/**
 * Blocks that must stay free when a sequence joins a batch, as vLLM's watermark: without it a
 * full cache admits and preempts the same sequence in every step. An empty batch admits whatever
 * fits, or nothing would ever run again.
 */
const watermarkBlocks = 1;

/**
 * Continuous batching on a virtual clock that follows the wall clock. Sequences join and leave
 * between steps; a step's length depends on the batch and on the prompt tokens computed in it.
 * Steps are computed when somebody looks (`advance`), not one timer each: only the instants at
 * which something leaves or can join need a wake-up (`nextWakeAtMs`).
 */
export class Batching {
  readonly cache: KvCache;
  throttle: Throttle = unthrottled;
  /** Blocks lost per finished sequence. */
  leakBlocks = 0;
  /** Prefill cost factor while the prefix cache's index is spoilt: evictions on every block. */
  stalePrefillFactor = 1;
  private readonly waiting: Sequence[] = [];
  private readonly running: Sequence[] = [];
  private stepEndsAtMs: number | undefined;
  private stepMs = 0;
  private frozen = false;

  constructor(
    private readonly profile: EngineProfile,
    private readonly observer: BatchObserver,
  ) {
    this.cache = new KvCache(profile.kvBlocks);
  }

  /** Sequences in the batch. */
  runningCount(): number {
    return this.running.length;
  }

  /** Sequences in the queue. */
  waitingCount(): number {
    return this.waiting.length;
  }

  /** Queues a completion at an instant. A prompt that can never fit ends at once as an error. */
  submit(request: BatchRequest, nowMs: number): Sequence {
    this.advance(nowMs);
    const sequence = newSequence(request, nowMs);
    const blocks = Math.ceil((request.promptTokens + request.maxTokens) / blockTokens);
    if (blocks > this.profile.kvBlocks - spareBlocks) {
      request.finish(resultOf(sequence, 'error', nowMs));
      return sequence;
    }
    this.waiting.push(sequence);
    if (this.stepEndsAtMs === undefined) this.startStep(nowMs);
    return sequence;
  }

  /** Ends a sequence that is still here; does nothing otherwise. */
  abort(sequence: Sequence, nowMs: number): void {
    this.advance(nowMs);
    const list = this.waiting.includes(sequence) ? this.waiting : this.running;
    const index = list.indexOf(sequence);
    if (index < 0) return;
    list.splice(index, 1);
    this.leave(sequence, 'abort', nowMs);
  }

  /** Ends everything that is here. */
  abortAll(nowMs: number): void {
    for (const sequence of [...this.running, ...this.waiting]) this.abort(sequence, nowMs);
  }

  /** Stops or resumes stepping. Frozen sequences stay where they are, neither moving nor ending. */
  setFrozen(frozen: boolean, nowMs: number): void {
    if (frozen === this.frozen) return;
    if (frozen) this.advance(nowMs);
    this.frozen = frozen;
    this.stepEndsAtMs = undefined;
    if (!frozen) this.startStep(nowMs);
  }

  /** Computes all steps that ended by now. */
  advance(nowMs: number): void {
    while (!this.frozen && this.stepEndsAtMs !== undefined && this.stepEndsAtMs <= nowMs) {
      const endedAtMs = this.stepEndsAtMs;
      this.finishStep(endedAtMs);
      this.startStep(endedAtMs);
    }
  }

  /** When something can leave or join next; undefined while there is no work. */
  nextWakeAtMs(): number | undefined {
    if (this.frozen || this.stepEndsAtMs === undefined) return undefined;
    const canJoin = this.waiting.length > 0 && this.running.length < this.profile.maxNumSeqs;
    if (canJoin || this.running.some((sequence) => sequence.prefillTokens > 0)) {
      return this.stepEndsAtMs;
    }
    const left = this.running.map((sequence) => sequence.maxTokens - sequence.generatedTokens);
    return this.stepEndsAtMs + (Math.min(...left) - 1) * this.stepMs;
  }

  private startStep(nowMs: number): void {
    this.admit(nowMs);
    if (this.frozen || this.running.length === 0) {
      this.stepEndsAtMs = undefined;
      return;
    }
    const prefill = Math.min(
      this.profile.maxPrefillTokens,
      this.running.reduce((sum, sequence) => sum + sequence.prefillTokens, 0),
    );
    const cost = prefill * (this.cache.isStale() ? this.stalePrefillFactor : 1);
    this.stepMs = stepDurationMs(this.profile, this.throttle, this.running.length, cost);
    this.stepEndsAtMs = nowMs + this.stepMs;
  }

  private admit(nowMs: number): void {
    while (this.running.length < this.profile.maxNumSeqs) {
      const next = this.waiting[0];
      if (next === undefined) return;
      // What was generated before a preemption is computed again, as part of the prompt.
      const tokens = next.promptTokens + next.generatedTokens;
      const headroom = this.running.length === 0 ? 0 : watermarkBlocks;
      const lease = this.cache.acquire(next.hashes, tokens, headroom);
      if (lease === undefined) return;
      this.waiting.shift();
      next.lease = lease;
      next.admittedAtMs ??= nowMs;
      // The last token is always computed: its result is the first one generated.
      next.prefillTokens = Math.max(1, tokens - lease.hitTokens);
      this.observer.onPrefixLookup(next.promptTokens, lease.hitTokens);
      this.running.push(next);
    }
  }

  private finishStep(nowMs: number): void {
    let budget = this.profile.maxPrefillTokens;
    let tokens = 0;
    for (const sequence of [...this.running]) {
      const lease = sequence.lease;
      if (lease === undefined) continue;
      if (sequence.prefillTokens > 0) {
        const computed = Math.min(budget, sequence.prefillTokens);
        budget -= computed;
        tokens += computed;
        sequence.prefillTokens -= computed;
        this.observer.onPrefilled(computed);
        if (sequence.prefillTokens > 0) continue;
      }
      if (!this.hasRoomForToken(sequence, lease)) {
        this.preempt();
        continue;
      }
      tokens += 1;
      this.generate(sequence, nowMs);
    }
    this.observer.onStep(this.stepMs, tokens);
  }

  private hasRoomForToken(sequence: Sequence, lease: KvLease): boolean {
    const blocks = lease.shared.length + lease.privateBlocks;
    const needed = sequence.promptTokens + sequence.generatedTokens + 1;
    return needed <= blocks * blockTokens || this.cache.grow(lease);
  }

  /** Takes the sequence that came last out of the batch; it starts over at the queue's head. */
  private preempt(): void {
    const victim = this.running.pop();
    if (victim?.lease === undefined) return;
    this.cache.release(victim.lease);
    victim.lease = undefined;
    this.waiting.unshift(victim);
    this.observer.onPreemption();
  }

  private generate(sequence: Sequence, nowMs: number): void {
    sequence.generatedTokens += 1;
    if (sequence.firstTokenAtMs === undefined) {
      sequence.firstTokenAtMs = nowMs;
      this.observer.onFirstToken(nowMs - sequence.arrivedAtMs);
    } else if (sequence.lastTokenAtMs !== undefined) {
      this.observer.onNextToken(nowMs - sequence.lastTokenAtMs);
    }
    sequence.lastTokenAtMs = nowMs;
    if (sequence.generatedTokens < sequence.maxTokens) return;
    this.running.splice(this.running.indexOf(sequence), 1);
    this.leave(sequence, 'length', nowMs);
  }

  private leave(sequence: Sequence, reason: FinishReason, nowMs: number): void {
    if (sequence.lease !== undefined) {
      this.cache.release(sequence.lease);
      sequence.lease = undefined;
      if (this.leakBlocks > 0) this.cache.leak(this.leakBlocks, spareBlocks);
    }
    sequence.finish(resultOf(sequence, reason, nowMs));
  }
}
