import { blockTokens, charactersPerToken } from './profile.js';

/** Blocks that one sequence holds. */
export interface KvLease {
  /** Prompt blocks, shared with every sequence of the same prefix. */
  readonly shared: readonly number[];
  /** Blocks of its own: the prompt's unfinished last one, and those of generated tokens. */
  privateBlocks: number;
  /** Prompt tokens found in the cache, which need no prefill. */
  readonly hitTokens: number;
}

/**
 * Hashes of a prompt's full blocks, each covering the whole prefix up to its end, so that
 * equal hashes mean equal prefixes. FNV-1a, 32 bits: ample for the few thousand blocks here.
 */
export function prefixHashes(prompt: string): readonly number[] {
  const characters = blockTokens * charactersPerToken;
  const hashes: number[] = [];
  let hash = 0x811c9dc5;
  for (let start = 0; start + characters <= prompt.length; start += characters) {
    for (let index = start; index < start + characters; index++) {
      hash = Math.imul(hash ^ prompt.charCodeAt(index), 0x01000193);
    }
    hashes.push(hash >>> 0);
  }
  return hashes;
}

/**
 * A paged KV cache with a prefix cache. Blocks in use are counted; blocks of finished prompts
 * stay findable until the space is needed, oldest first, and count as free until then.
 */
export class KvCache {
  private used = 0;
  private holders = 0;
  /** References per findable block; 0 while only the prefix cache knows it. */
  private readonly references = new Map<number, number>();
  /** Findable blocks without references, least recently used first. */
  private readonly idle = new Map<number, true>();
  private leakedFindable = 0;
  private leakedLost = 0;
  private stale = false;

  constructor(private readonly totalBlocks: number) {}

  /** Share of blocks in use, 0 to 1; leaked ones are in use. */
  usageRatio(): number {
    return this.used / this.totalBlocks;
  }

  /** Blocks in use, leaked ones included. */
  usedBlocks(): number {
    return this.used;
  }

  /** Takes blocks for a prompt, or undefined when fewer than `headroom` blocks would be left. */
  acquire(hashes: readonly number[], promptTokens: number, headroom: number): KvLease | undefined {
    let hits = 0;
    let revived = 0;
    if (!this.stale) {
      for (const hash of hashes) {
        const references = this.references.get(hash);
        if (references === undefined) break;
        if (references === 0) revived += 1;
        hits += 1;
      }
    }
    const findable = this.stale ? 0 : hashes.length;
    const privateBlocks = Math.ceil((promptTokens + 1) / blockTokens) - findable;
    const taken = revived + (findable - hits) + privateBlocks;
    if (this.used + taken + headroom > this.totalBlocks) return undefined;

    const shared = hashes.slice(0, findable);
    for (const hash of shared) {
      this.references.set(hash, (this.references.get(hash) ?? 0) + 1);
      this.idle.delete(hash);
    }
    this.used += taken;
    this.holders += 1;
    this.evictForSpace();
    return { shared, privateBlocks, hitTokens: hits * blockTokens };
  }

  /** Takes one more block for generated tokens; false when none is left. */
  grow(lease: KvLease): boolean {
    if (this.used >= this.totalBlocks) return false;
    this.used += 1;
    lease.privateBlocks += 1;
    this.evictForSpace();
    return true;
  }

  /** Gives a sequence's blocks back; its prompt stays findable. */
  release(lease: KvLease): void {
    this.holders -= 1;
    this.used -= lease.privateBlocks;
    for (const hash of lease.shared) {
      const references = (this.references.get(hash) ?? 1) - 1;
      this.references.set(hash, references);
      if (references === 0) {
        this.idle.set(hash, true);
        this.used -= 1;
      }
    }
  }

  /**
   * Loses blocks: they stay in use and belong to nobody. Four of five are known to the prefix
   * cache, so that a reset frees them. At least `spareBlocks` remain, as a real pool's last
   * sequences keep being preempted and resumed instead of standing still for ever.
   */
  leak(blocks: number, spareBlocks: number): void {
    const room = this.totalBlocks - spareBlocks - this.leakedFindable - this.leakedLost;
    const leaked = Math.max(0, Math.min(blocks, room, this.totalBlocks - this.used));
    const findable = Math.round(leaked * 0.8);
    this.leakedFindable += findable;
    this.leakedLost += leaked - findable;
    this.used += leaked;
    this.evictForSpace();
  }

  /** Fills the prefix cache's index with useless entries: nothing is found until a reset. */
  spoil(): void {
    this.stale = true;
  }

  /** Undoes `spoil` without touching anything else. */
  unspoil(): void {
    this.stale = false;
  }

  /** Whether the index is spoilt. */
  isStale(): boolean {
    return this.stale;
  }

  /**
   * Resets the prefix cache as Aphrodite does: with a sequence's blocks in use nothing of the
   * index is touched. Leaked blocks belong to no sequence and are freed in any case.
   * Returns whether the index was reset.
   */
  reset(): boolean {
    this.used -= this.leakedFindable;
    this.leakedFindable = 0;
    if (this.holders > 0) return false;
    this.references.clear();
    this.idle.clear();
    this.stale = false;
    return true;
  }

  private evictForSpace(): void {
    for (const hash of this.idle.keys()) {
      if (this.used + this.idle.size <= this.totalBlocks) return;
      this.idle.delete(hash);
      this.references.delete(hash);
    }
  }
}
