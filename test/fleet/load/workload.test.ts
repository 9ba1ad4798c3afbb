import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../fleet/base/random.js';
import { prefixHashes } from '../../../fleet/engine/kv-cache.js';
import { noisyTenant, Workload } from '../../../fleet/load/workload.js';

describe('Workload', () => {
  it('is the same for the same seed and another for another', () => {
    const first = (seed: number) => new Workload(seededRandom(seed)).next();
    expect(first(7)).toEqual(first(7));
    expect(first(7)).not.toEqual(first(8));
  });

  it('shares 60 to 80 % of its prompt blocks, and none with the noisy tenant', () => {
    const workload = new Workload(seededRandom(7));
    const seen = new Set<number>();
    let hits = 0;
    let blocks = 0;
    for (let index = 0; index < 500; index++) {
      for (const hash of prefixHashes(workload.next().prompt)) {
        if (seen.has(hash)) hits += 1;
        blocks += 1;
        seen.add(hash);
      }
    }
    expect(hits / blocks).toBeGreaterThan(0.6);
    expect(hits / blocks).toBeLessThan(0.8);
    const noisy = prefixHashes(workload.nextOf(noisyTenant).prompt);
    expect(noisy.filter((hash) => seen.has(hash))).toEqual([]);
  });
});
