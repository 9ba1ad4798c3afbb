import { expect, it } from 'vitest';
import { releaseBefore } from '../../../src/activities/actions/release-order.js';
import type { ChangeEvent } from '../../../src/domain/ports.js';

/** A change as the fleet's supervisor tells it. */
function change(atMs: number, from: string, to: string): ChangeEvent {
  const summary = `release of fleet: {"release":"${from}"} to {"release":"${to}"}`;
  return { atMs, service: 'chat', replica: undefined, kind: 'release', summary };
}

it.each<{
  what: string;
  active: string;
  known: Record<string, number | undefined>;
  changes: ChangeEvent[];
  expected: string | undefined;
}>([
  {
    what: 'the one that ran before, also where its own activation was never recorded',
    active: 'r2',
    known: { r1: undefined, r2: 10 },
    changes: [change(10, 'r1', 'r2')],
    expected: 'r1',
  },
  {
    what: 'none after a rollback: what was left is the later release',
    active: 'r1',
    known: { r1: 20, r2: 10 },
    changes: [change(10, 'r1', 'r2'), change(20, 'r2', 'r1')],
    expected: undefined,
  },
  {
    what: 'the first again, when the second was activated anew',
    active: 'r2',
    known: { r1: 20, r2: 30 },
    changes: [change(10, 'r1', 'r2'), change(20, 'r2', 'r1'), change(30, 'r1', 'r2')],
    expected: 'r1',
  },
  {
    what: 'the one activated last of the earlier ones, not the bad one between',
    active: 'r3',
    known: { r1: 20, r2: 10, r3: 30 },
    changes: [change(10, 'r1', 'r2'), change(20, 'r2', 'r1'), change(30, 'r1', 'r3')],
    expected: 'r1',
  },
  {
    what: 'by first activations alone, where no changes are told',
    active: 'c',
    known: { a: 1, b: 2, c: 3, d: 4 },
    changes: [],
    expected: 'b',
  },
  {
    what: 'none where the active one is the first',
    active: 'a',
    known: { a: 1, b: 2 },
    changes: [],
    expected: undefined,
  },
  {
    what: 'none that was never in service',
    active: 'r2',
    known: { r0: undefined, r2: 10 },
    changes: [change(10, 'r0.1', 'r2')],
    expected: undefined,
  },
  {
    what: 'none where the active one is not known',
    active: 'x',
    known: { a: 1 },
    changes: [],
    expected: undefined,
  },
  { what: 'none of none', active: 'a', known: {}, changes: [], expected: undefined },
])('goes back to $what', ({ active, known, changes, expected }) => {
  const releases = Object.entries(known).map(([id, activatedAtMs]) => ({ id, activatedAtMs }));
  expect(releaseBefore(active, releases, changes)).toBe(expected);
  expect(releaseBefore(active, releases.reverse(), changes.reverse())).toBe(expected);
});
