import { expect, it } from 'vitest';
import { ModeFactsTeller } from '../../src/detector/mode-facts.js';
import type { SourceFacts } from '../../src/domain/monitor/monitor-state.js';
import { slowReplica } from '../workflows/fake-world.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('tells changes, repeats itself every few minutes, and tries again', async () => {
  let nowMs = 0;
  let isAway = false;
  const told: SourceFacts[] = [];
  const teller = new ModeFactsTeller({
    ...{ source: 'a', repeatEveryMs: 300_000, retryEveryMs: 1_000, now: () => nowMs },
    tell: (facts) => {
      if (isAway) return Promise.reject(new Error('away'));
      told.push(facts);
      return Promise.resolve();
    },
  });
  const tick = async (atMs: number, open: Parameters<typeof teller.tick>[0], percent: number) => {
    nowMs = atMs;
    teller.tick(open, percent);
    await settled();
    return told.length;
  };
  const slow = slowReplica({ severity: 'major' });
  expect(await tick(0, [], 100)).toBe(1);
  // Within the same bounds of compliance nothing is news.
  expect(await tick(1_000, [], 99.2)).toBe(1);
  expect(await tick(2_000, [], 98.9)).toBe(2);
  expect(await tick(3_000, [slow], 98.9)).toBe(3);
  expect(told.at(-1)?.active).toEqual([{ fingerprint: slow.fingerprint, severity: 'major' }]);
  isAway = true;
  expect(await tick(4_000, [{ ...slow, severity: 'critical' }], 98.9)).toBe(3);
  isAway = false;
  expect(await tick(4_500, [{ ...slow, severity: 'critical' }], 98.9)).toBe(3);
  expect(await tick(5_000, [{ ...slow, severity: 'critical' }], 98.9)).toBe(4);
  expect(await tick(304_999, [{ ...slow, severity: 'critical' }], 98.9)).toBe(4);
  expect(await tick(305_000, [{ ...slow, severity: 'critical' }], 98.9)).toBe(5);
});
