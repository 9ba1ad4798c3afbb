import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { judge, type VerificationRule } from '../../../src/domain/recovery/verification.js';

const RULE: VerificationRule = {
  limit: 250,
  direction: 'upper',
  before: 600,
  minSamples: 5,
  compliantPercent: 80,
  holdMs: 4_000,
  worsePercent: 20,
};
/** One sample a second. */
const each = (...values: number[]) => values.map((value, i) => ({ atMs: i * 1_000, value }));

describe('judge', () => {
  it.each([
    ['too few samples', each(100, 100, 100, 100), false, 'undecided'],
    ['nothing, at the end', [], true, 'undecided'],
    ['inside for the hold', each(100, 110, 100, 120, 100), false, 'recovered'],
    ['exactly at the limit is inside', each(250, 250, 250, 250, 250), false, 'recovered'],
    ['inside, but not long enough yet', each(600, 600, 600, 100, 100), false, 'undecided'],
    ['one sample in five beyond is tolerated', each(100, 300, 100, 100, 100), false, 'recovered'],
    ['the last one beyond is not', each(100, 100, 100, 100, 300), false, 'undecided'],
    [
      'a backlog that drained',
      each(700, 600, 500, 400, 300, 200, 110, 100, 100, 100, 100),
      false,
      'recovered',
    ],
    ['much worse than before', each(800, 810, 800, 820, 800), false, 'worse'],
    ['a little worse is no verdict yet', each(650, 650, 650, 650, 650), false, 'undecided'],
    ['as bad as before, at the end', each(600, 610, 590, 600, 600), true, 'no-effect'],
    [
      'better, not good, at the end',
      each(600, 500, 400, 300, 300, 300, 300, 300),
      true,
      'improved',
    ],
  ] as const)('%s', (_, samples, isLast, expected) => {
    expect(judge(samples, RULE, isLast).kind).toBe(expected);
  });

  it('calls a breach worse at once where the SLI was good before', () => {
    const rule = { ...RULE, before: 250, wasGood: true, holdMs: 12_000 };
    expect(judge(each(100, 100, 300, 400, 500, 500), rule, false).kind).toBe('undecided');
    expect(judge(each(100, 100, 300, 400, 500, 500, 500), rule, false).kind).toBe('worse');
    expect(judge(each(100, 100, 100, 100, 100, 100, 100), rule, false).kind).toBe('undecided');
    expect(judge(each(...Array<number>(13).fill(100)), rule, false).kind).toBe('recovered');
  });

  it('judges lower bounds the other way round', () => {
    const rule: VerificationRule = { ...RULE, direction: 'lower', limit: 80, before: 30 };
    expect(judge(each(90, 90, 95, 90, 100), rule, false).kind).toBe('recovered');
    expect(judge(each(10, 10, 10, 10, 10), rule, false).kind).toBe('worse');
    expect(judge(each(31, 30, 29, 30, 30), rule, true).kind).toBe('no-effect');
  });

  test.prop([
    fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { maxLength: 40 }),
    fc.boolean(),
  ])(
    'says recovered only with a compliant last sample, and always decides when time is up',
    (values, isLast) => {
      const verdict = judge(each(...values), RULE, isLast);
      if (verdict.kind === 'recovered') expect(values.at(-1)).toBeLessThanOrEqual(RULE.limit);
      if (isLast && values.length >= RULE.minSamples) expect(verdict.kind).not.toBe('undecided');
    },
  );
});
