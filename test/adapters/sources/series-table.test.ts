import { describe, expect, it } from 'vitest';
import { SeriesTable } from '../../../src/adapters/sources/series-table.js';

function intern(table: SeriesTable, text: string, before = ''): number {
  const bytes = Buffer.from(`${before}${text} 1\n`);
  const from = Buffer.byteLength(before);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return table.intern(view, from, from + Buffer.byteLength(text));
}

describe('SeriesTable', () => {
  it('gives each text one id, wherever in the bytes it lies, through all its growth', () => {
    const table = new SeriesTable();
    const texts = Array.from(
      { length: 20_000 },
      (_, i) => `m_${i % 100}{engine="${i}",le="é${i}"}`,
    );
    expect(texts.map((text) => intern(table, text))).toEqual(texts.map((_, i) => i));
    expect(texts.map((text, i) => intern(table, text, 'x'.repeat(i % 7)))).toEqual(
      texts.map((_, i) => i),
    );
    expect(table.size).toBe(texts.length);
    expect(table.info(12_345)).toEqual({
      id: 12_345,
      name: 'm_45',
      labels: new Map([
        ['engine', '12345'],
        ['le', 'é12345'],
      ]),
    });
  });

  it('tells texts apart that differ in one byte, or in length alone', () => {
    const table = new SeriesTable();
    const texts = ['', 'a', 'b', 'aa', 'ab', 'aaa', 'aaab', 'aaaa', 'aaaaa', 'a\0', 'a\0\0'];
    expect(texts.map((text) => intern(table, text))).toEqual(texts.map((_, i) => i));
  });

  it('starts over when it is full, and says so', () => {
    const table = new SeriesTable(3);
    for (const text of ['a', 'b', 'c', 'a']) intern(table, text);
    expect([table.epoch, table.size]).toEqual([0, 3]);
    expect(intern(table, 'd')).toBe(0);
    expect([table.epoch, table.size, table.info(0).name]).toEqual([1, 1, 'd']);
    expect(() => table.info(1)).toThrow('series 1 is unknown');
    expect(() => table.info(NaN)).toThrow(RangeError);
  });
});
