import { describe, expect, it } from 'vitest';
import { figureTable, isOk } from '../../bench/figure-table.js';

describe('isOk', () => {
  it.each([
    [{ value: 2, bound: 2 }, true],
    [{ value: 2.1, bound: 2 }, false],
    [{ value: 2, bound: 2, isLeast: true }, true],
    [{ value: 1.9, bound: 2, isLeast: true }, false],
    [{ value: NaN, bound: 2 }, false],
    [{ value: NaN, bound: 2, isLeast: true }, false],
    [{ value: NaN }, true],
  ])('%o is %s', (given, expected) => {
    expect(isOk({ name: 'a', unit: 's', ...given })).toBe(expected);
  });
});

describe('figureTable', () => {
  it('aligns names to the left and values to the right', () => {
    const table = figureTable([
      { name: 'per sample', value: 1234.5, unit: 'ns', bound: 2000 },
      { name: 'rate', value: 0.4567, unit: 'M/s', bound: 5, isLeast: true },
      { name: 'peer: no compiler', value: NaN, unit: '' },
    ]);
    expect(table).toBe(
      [
        'FIGURE             VALUE  UNIT  BOUND',
        'per sample          1235  ns    ≤ 2000  ok',
        'rate               0.457  M/s   ≥ 5     NOT OK',
        'peer: no compiler      -',
        '',
      ].join('\n'),
    );
  });
});
