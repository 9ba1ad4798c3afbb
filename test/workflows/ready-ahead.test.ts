import { expect, it } from 'vitest';
import type { Preparation } from '../../src/workflows/preparation-messages.js';
import type { PlannedStep } from '../../src/workflows/messages.js';
import { owedAhead, readyAhead } from '../../src/workflows/ready-ahead.js';

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

const stepOf = (id: string, irreversible?: string): PlannedStep => ({
  ...{ id, action: 'load_balancer_adjust', target: { service: 'chat', replica: 'engine-2' } },
  ...{ autonomy: 'auto', settleMs: 0, timeoutMs: 1, retries: 0, irreversible },
});
const cache = stepOf('1-cache');
const weight = stepOf('2-weight');
const owed = { before: { weight: 100 }, desired: { weight: 10 }, undoLine: 'weight 100', ramp: [] };
const withoutUndo = { ...ready, undoLine: '' };
const final = stepOf('2-weight', 'it is gone');

it.each([
  ['what the one that acts owes', ahead, [cache, weight], [{ step: weight, ...owed }]],
  ['what it owes on its way', ahead, [cache, final], [{ step: final, ...owed }]],
  [
    'nothing where nothing can be undone',
    { atMs: 1, steps: [{ id: '2-weight', preparation: withoutUndo }] },
    [final],
    [],
  ],
  ['nothing where none is ready', { atMs: 1, steps: ahead.steps.slice(0, 1) }, [cache], []],
  ['nothing of a step that is not planned', ahead, [cache], []],
  ['nothing where nothing was looked at', undefined, [weight], []],
])('knows before a recovery acts %s', (_, seen, steps, expected) => {
  expect(owedAhead(seen, steps)).toEqual(expected);
});
