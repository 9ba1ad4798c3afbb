import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ExpositionError } from '../../../src/adapters/sources/exposition-error.js';
import { ExpositionParser } from '../../../src/adapters/sources/exposition.js';
import { SeriesTable } from '../../../src/adapters/sources/series-table.js';

type Row = readonly [string, number];

function read(parser: ExpositionParser, table: SeriesTable, text: string): Row[] {
  const result = parser.parse(Buffer.from(text));
  return Array.from({ length: result.count }, (_, i) => {
    const { name, labels } = table.info(result.ids[i]!);
    return [`${name}${JSON.stringify([...labels])}`, result.values[i]!] as const;
  });
}

function once(text: string): Row[] {
  const table = new SeriesTable();
  return read(new ExpositionParser(table), table, text);
}

function faultOf(text: string): string {
  try {
    once(text);
  } catch (error) {
    if (error instanceof ExpositionError) return `${error.fault}:${error.line}`;
    throw error;
  }
  return 'none';
}

describe('exposition', () => {
  it('reads names, labels and values of every spelling', () => {
    const text = [
      '# HELP a Some help with "quotes" and 1 2 3',
      '# TYPE a counter',
      'a 1',
      'b{x="1"} 2.5',
      'c{x="1",y="2",} -3e-2',
      'd { x = "1" , y = "a b" }   4E+3',
      'e{v="} 9",w="a\\"b\\\\c\\nd"} 5 1700000000000',
      '',
      'f NaN',
      'g Nan',
      'h +Inf',
      'i -Inf',
      'j{le="+Inf"} 17 # {trace_id="x"} 0.3 1700000000.123',
      '\tk 1e400',
      '{"l.m",x="1"} 6',
      'm{ä="x"} 1',
    ];
    expect(() => once(`${text.join('\n')}\n`)).toThrow(/line 16/);
    expect(once(`${text.slice(0, -1).join('\n')}\n# EOF`)).toEqual([
      ['a[]', 1],
      ['b[["x","1"]]', 2.5],
      ['c[["x","1"],["y","2"]]', -0.03],
      ['d[["x","1"],["y","a b"]]', 4000],
      ['e[["v","} 9"],["w","a\\"b\\\\c\\nd"]]', 5],
      ['f[]', NaN],
      ['g[]', NaN],
      ['h[]', Infinity],
      ['i[]', -Infinity],
      ['j[["le","+Inf"]]', 17],
      ['k[]', Infinity],
      ['l.m[["x","1"]]', 6],
    ]);
  });

  it('reads CRLF, blank lines, and an empty body', () => {
    expect(once('a 1\r\n\r\n# HELP b x\r\nb{x="y"} 2\r\n')).toEqual([
      ['a[]', 1],
      ['b[["x","y"]]', 2],
    ]);
    expect(once('')).toEqual([]);
    expect(once('# EOF\n')).toEqual([]);
  });

  it('keeps label values in UTF-8', () => {
    expect(once('a{x="Größe 模型"} 1\n')).toEqual([['a[["x","Größe 模型"]]', 1]]);
  });

  it('knows types and timestamps', () => {
    const table = new SeriesTable();
    const parser = new ExpositionParser(table);
    const text = '# TYPE a histogram\na_count 1 1700000000000\nb 2\nc 3 1700000000.5\n';
    for (let round = 0; round < 2; round += 1) {
      const result = parser.parse(Buffer.from(text));
      expect(result.types.get('a')).toBe('histogram');
      expect([...result.timestampsMs!.subarray(0, 3)]).toEqual([1700000000000, NaN, 1700000000500]);
    }
  });

  it.each([
    ['<!DOCTYPE html>\n<html><body>502</body></html>\n', 'not-exposition:1'],
    ['<html>502</html>', 'not-exposition:1'],
    ['{"status":"ok"}\n', 'malformed:1'],
    ['\u0000\u0001\u0002\n', 'not-exposition:1'],
    ['a 1\nb\n', 'malformed:2'],
    ['a 1\nb 1x\n', 'malformed:2'],
    ['a 1\nb 0x10\n', 'malformed:2'],
    ['a 1\nb{x="1} 2\n', 'malformed:2'],
    ['a 1\nb{x=1} 2\n', 'malformed:2'],
    ['a 1\nb{x="1" y="2"} 2\n', 'malformed:2'],
    ['a 1\nb 2 3 4\n', 'malformed:2'],
    ['a 1\nb 12', 'truncated:2'],
    ['a 1\nb{x="', 'truncated:2'],
  ])('refuses %j', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('refuses the same faults on a repeated scrape, and goes on afterwards', () => {
    const table = new SeriesTable();
    const parser = new ExpositionParser(table);
    const good = 'a{x="1"} 1\nb 2\n';
    expect(read(parser, table, good)).toHaveLength(2);
    for (const bad of ['a{x="1"} 1\nb 2', 'a{x="1"} 1\nb two\n', 'a{x="1"} \nb 2\n', '<html>\n']) {
      expect(() => read(parser, table, bad)).toThrow(ExpositionError);
      expect(read(parser, table, good)).toEqual([
        ['a[["x","1"]]', 1],
        ['b[]', 2],
      ]);
    }
  });

  it('changes its version only when lines come, go, or move', () => {
    const parser = new ExpositionParser(new SeriesTable());
    const version = (text: string) => parser.parse(Buffer.from(text)).version;
    const first = version('a 1\nb 2\nc 3\n');
    expect(version('a 17.25\nb NaN\nc 3e9\n')).toBe(first);
    const second = version('a 1\nc 3\n');
    expect(second).not.toBe(first);
    expect(version('a 1\nc 3\n')).toBe(second);
    expect(version('c 1\na 3\n')).not.toBe(second);
  });

  it('survives a table that overflows, and refuses a target that alone overflows it', () => {
    const table = new SeriesTable(10);
    const first = new ExpositionParser(table);
    const second = new ExpositionParser(table);
    const page = (prefix: string, n: number) =>
      Array.from({ length: n }, (_, i) => `${prefix}${i} ${i}\n`).join('');
    for (let round = 0; round < 3; round += 1) {
      expect(read(first, table, page('a', 6)).map(([name]) => name)).toEqual(
        Array.from({ length: 6 }, (_, i) => `a${i}[]`),
      );
      expect(read(second, table, page('b', 6)).at(-1)).toEqual(['b5[]', 5]);
    }
    expect(() => read(first, table, page('c', 11))).toThrow(ExpositionError);
  });
});

const label = fc.tuple(
  fc.constantFrom('le', 'model_name', 'x', '_y'),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '}', '{', ',', ' ', '#', 'é', '=') }),
);
const value = fc.oneof(
  fc.double(),
  fc.double({ noNaN: true }).map((v) => Math.fround(v)),
  fc.integer(),
  fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String),
  fc.tuple(fc.integer({ min: 0 }), fc.integer({ min: 0, max: 999999 })).map((v) => v.join('.')),
  fc.constantFrom('0', '-0', '+1.5', '.5', '5.', '1e22', '1e23', '9007199254740993', '1e-22'),
);
const line = fc.record({
  name: fc.constantFrom('a', 'b_total', 'c:d', 'aphrodite:e_bucket'),
  labels: fc.uniqueArray(label, { selector: ([key]) => key, maxLength: 3 }),
  value,
  comment: fc.constantFrom('', '', '# HELP a something\n', '# TYPE a gauge\n', '\n'),
  end: fc.constantFrom('\n', '\n', '\n', ' 1700000000000\n', '\r\n', ' # {t="1"} 1\n'),
});
type Line = typeof line extends fc.Arbitrary<infer T> ? T : never;

function render(lines: readonly Line[]): string {
  const escape = (text: string) => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  return lines
    .map(({ name, labels, value: v, comment, end }) => {
      const inner = labels.map(([key, text]) => `${key}="${escape(text)}"`).join(',');
      const shown = v === Infinity ? '+Inf' : Object.is(v, -0) ? '-0' : String(v);
      return `${comment}${name}${inner === '' ? '' : `{${inner}}`} ${shown}${end}`;
    })
    .join('');
}

/** The naive reference: what was put in. */
function reference(lines: readonly Line[]): Row[] {
  return lines.map(({ name, labels, value: v }) => [
    `${name}${JSON.stringify([...new Map(labels)])}`,
    Number(v),
  ]);
}

describe('exposition property', () => {
  it('reads what was written, whatever the scrape before it was', () => {
    const edit = fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'swap', 'copy')));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.array(line), edit, (base, more, edits) => {
        const table = new SeriesTable();
        const parser = new ExpositionParser(table);
        let lines = [...base];
        for (const [at, what] of [[0, 'none'] as const, ...edits]) {
          const i = lines.length === 0 ? 0 : at % lines.length;
          const [first, second] = [lines[i], lines[(i + 1) % Math.max(1, lines.length)]];
          if (what === 'drop') lines = lines.filter((_, j) => j !== i);
          else if (what === 'swap' && first !== undefined && second !== undefined) {
            lines[i] = second;
            lines[(i + 1) % lines.length] = first;
          } else if (what === 'copy' && more.length > 0) {
            lines.splice(i, 0, more[at % more.length]!);
          }
          expect(read(parser, table, render(lines))).toEqual(reference(lines));
          // And with new values in the same layout.
          lines = lines.map((l, j) => ({ ...l, value: j * 1.25, end: '\n' }));
          expect(read(parser, table, render(lines))).toEqual(reference(lines));
        }
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('rounds every number as Number does', () => {
    const table = new SeriesTable();
    const parser = new ExpositionParser(table);
    parser.parse(Buffer.from('a 1\n'));
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc.double().map((v) => v.toString()),
        ),
        (v) => {
          const text = v === Infinity ? '+Inf' : String(v);
          const result = parser.parse(Buffer.from(`a ${text}\n`));
          expect(result.values[0]).toBe(v === Infinity ? Infinity : Number(text));
        },
      ),
      { seed: 7, numRuns: 5000 },
    );
  });
});
