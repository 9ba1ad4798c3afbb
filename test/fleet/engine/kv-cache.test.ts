import { describe, expect, it } from 'vitest';
import { KvCache, prefixHashes } from '../../../fleet/engine/kv-cache.js';

/** A prompt of `blocks` full blocks of 64 characters; equal letters mean equal blocks. */
const promptOf = (letters: string): string =>
  letters.replaceAll(/./g, (letter) => letter.repeat(64));

function acquire(cache: KvCache, letters: string, headroom = 0) {
  return cache.acquire(prefixHashes(promptOf(letters)), letters.length * 16, headroom);
}

describe('prefixHashes', () => {
  it('covers the whole prefix: one different block changes all after it', () => {
    const one = prefixHashes(promptOf('abc'));
    const other = prefixHashes(promptOf('xbc'));
    expect(one).toHaveLength(3);
    expect(one.filter((hash) => other.includes(hash))).toEqual([]);
  });

  it('leaves the unfinished last block out', () => {
    expect(prefixHashes('a'.repeat(63))).toEqual([]);
    expect(prefixHashes('a'.repeat(65))).toHaveLength(1);
  });
});

describe('KvCache', () => {
  it('shares the blocks of a common prefix', () => {
    const cache = new KvCache(100);
    expect(acquire(cache, 'abc')?.hitTokens).toBe(0);
    expect(cache.usedBlocks()).toBe(4);
    expect(acquire(cache, 'abd')?.hitTokens).toBe(32);
    expect(cache.usedBlocks()).toBe(6);
  });

  it('finds a finished prompt again although its blocks count as free', () => {
    const cache = new KvCache(100);
    const lease = acquire(cache, 'abc');
    if (lease === undefined) throw new Error('expected blocks');
    cache.release(lease);
    expect(cache.usedBlocks()).toBe(0);
    expect(acquire(cache, 'abc')?.hitTokens).toBe(48);
  });

  it('evicts the oldest finished prompt when the space is needed', () => {
    const cache = new KvCache(8);
    for (const letters of ['abc', 'def']) {
      const lease = acquire(cache, letters);
      if (lease === undefined) throw new Error('expected blocks');
      cache.release(lease);
    }
    expect(acquire(cache, 'xyz')).toBeDefined();
    expect(cache.usedBlocks()).toBe(4);
    expect(acquire(cache, 'def')?.hitTokens).toBe(48);
  });

  it('refuses a prompt that does not fit, or that would use up the headroom', () => {
    const cache = new KvCache(4);
    expect(acquire(cache, 'abcd')).toBeUndefined();
    expect(acquire(cache, 'abc', 1)).toBeUndefined();
    expect(cache.usedBlocks()).toBe(0);
    expect(acquire(cache, 'abc')).toBeDefined();
  });

  it('resets nothing of the index while a sequence holds blocks', () => {
    const cache = new KvCache(100);
    const lease = acquire(cache, 'abc');
    if (lease === undefined) throw new Error('expected blocks');
    cache.spoil();
    expect(cache.reset()).toBe(false);
    expect(acquire(cache, 'abc')?.hitTokens).toBe(0);
    expect(cache.isStale()).toBe(true);
  });

  it('resets when idle, and works again after', () => {
    const cache = new KvCache(100);
    cache.spoil();
    const blind = acquire(cache, 'abc');
    if (blind === undefined) throw new Error('expected blocks');
    cache.release(blind);
    expect(cache.reset()).toBe(true);
    const lease = acquire(cache, 'abc');
    if (lease === undefined) throw new Error('expected blocks');
    expect(lease.hitTokens).toBe(0);
    expect(acquire(cache, 'abc')?.hitTokens).toBe(48);
  });

  it('leaks up to the spare blocks, and a reset frees four fifths', () => {
    const cache = new KvCache(100);
    cache.leak(1000, 20);
    expect(cache.usedBlocks()).toBe(80);
    cache.reset();
    expect(cache.usedBlocks()).toBe(16);
  });
});
