import { expect, it } from 'vitest';
import type { Preparation } from '../../src/workflows/preparation-messages.js';
import { readyAhead } from '../../src/workflows/ready-ahead.js';

const skipped: Preparation = { kind: 'skip', why: 'warm' };
const ready: Preparation = {
  ...{ kind: 'ready', before: { weight: 100 }, desired: { weight: 10 } },
  ...{ line: 'weight 100 → 10', undoLine: 'weight 100' },
};
const ahead = {
  atMs: 10_000,
  steps: [
    { id: '1-cache', preparation: skipped },
    { id: '2-weight', preparation: ready },
  ],
};

it.each([
  ['the first', '1-cache', 10_000, skipped],
  ['the one that acts', '2-weight', 12_000, ready],
  ['one that was not looked at', '3-routing', 10_000, undefined],
  ['one that was looked at too long ago', '2-weight', 12_001, undefined],
])('gives what was seen of %s', (_, id, nowMs, expected) => {
  expect(readyAhead(ahead, { id }, nowMs)).toBe(expected);
});

it('gives nothing where nothing was looked at', () => {
  expect(readyAhead(undefined, { id: '1-cache' }, 0)).toBeUndefined();
});
