import { describe, expect, it } from 'vitest';
import { mergeExpositions } from '../../src/telemetry.js';

const merge = (...texts: string[]) =>
  mergeExpositions(texts.map((text, i) => ({ role: `r${i + 1}`, text })));

describe('mergeExpositions', () => {
  it.each<[string, string[], string]>([
    ['nothing', [], ''],
    ['empty texts', ['', '\n'], ''],
    [
      'one family of two roles, once announced',
      [
        '# HELP a The first.\n# TYPE a counter\na 1\n',
        '# HELP a The second.\n# TYPE a counter\na 2\n',
      ],
      '# HELP a The first.\n# TYPE a counter\na{role="r1"} 1\na{role="r2"} 2\n',
    ],
    [
      'families of one role only, in order',
      ['# TYPE a gauge\na{x="1"} 1\n', '# TYPE b gauge\nb 2\n'],
      '# TYPE a gauge\na{role="r1",x="1"} 1\n# TYPE b gauge\nb{role="r2"} 2\n',
    ],
    [
      'histograms and summaries as a whole',
      [
        '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n',
        '# TYPE h histogram\nh_bucket{le="1"} 0\nh_bucket{le="+Inf"} 0\nh_sum 0\nh_count 0\n# TYPE s summary\ns{quantile="0.5"} NaN\ns_sum 0\n',
      ],
      '# TYPE h histogram\n' +
        'h_bucket{role="r1",le="1"} 1\nh_bucket{role="r1",le="+Inf"} 2\nh_sum{role="r1"} 3\nh_count{role="r1"} 2\n' +
        'h_bucket{role="r2",le="1"} 0\nh_bucket{role="r2",le="+Inf"} 0\nh_sum{role="r2"} 0\nh_count{role="r2"} 0\n' +
        '# TYPE s summary\ns{role="r2",quantile="0.5"} NaN\ns_sum{role="r2"} 0\n',
    ],
    [
      'a counter whose name only looks like a part of the one before',
      ['# TYPE a counter\na 1\na_count 2\n'],
      '# TYPE a counter\na{role="r1"} 1\na_count{role="r1"} 2\n',
    ],
    [
      'quotes, braces and commas inside values, and a time stamp',
      ['a{x="}\\",role=\\"{\\\\",y="a,b"} -1.5e-3 1700000000000\n'],
      'a{role="r1",x="}\\",role=\\"{\\\\",y="a,b"} -1.5e-3 1700000000000\n',
    ],
    ['a role of its own', ['a{x="1",role="mine"} 1\n'], 'a{x="1",role="mine"} 1\n'],
    ['a label that ends in role', ['a{my_role="x"} 1\n'], 'a{role="r1",my_role="x"} 1\n'],
    [
      'a trailing comma, empty braces',
      ['a{x="1",} 1\nb{} 2\n'],
      'a{role="r1",x="1"} 1\nb{role="r1"} 2\n',
    ],
    [
      'odd spellings of values',
      ['a Nan\nb +Inf\nc .5\nd 1.\n'],
      'a{role="r1"} Nan\nb{role="r1"} +Inf\nc{role="r1"} .5\nd{role="r1"} 1.\n',
    ],
    ['other comments dropped', ['# made by x\na 1\n'], 'a{role="r1"} 1\n'],
    [
      'a family that has no samples dropped',
      ['# TYPE a gauge\n# TYPE b gauge\nb 1\n'],
      '# TYPE b gauge\nb{role="r1"} 1\n',
    ],
  ])('merges %s', (_, texts, expected) => expect(merge(...texts)).toBe(expected));

  it.each([
    ['HTML', '<html>\n<p class="x">1</p>\n', 2],
    ['a truncated line', 'a{x="1', 1],
    ['a line without a value', 'a{x="1"}', 1],
    ['a wrong value', 'a one', 1],
    ['a wrong name', '1a 1', 1],
    ['an unquoted label', 'a{x=1} 1', 1],
  ])('leaves out %s, says so, and keeps the rest', (_, text, lines) => {
    const merged = merge('ok 1\n', `${text}\n`);
    expect(merged).toBe(
      `ok{role="r1"} 1\n# paramedic: ${lines} lines of r2 left out: not in text format 0.0.4\n`,
    );
  });

  it('leaves out a family whose type is another elsewhere', () => {
    const merged = merge('# TYPE a gauge\na 1\n', '# TYPE a counter\na 2\n# TYPE b gauge\nb 3\n');
    expect(merged).toBe(
      '# TYPE a gauge\na{role="r1"} 1\n# TYPE b gauge\nb{role="r2"} 3\n' +
        '# paramedic: a of r2 left out: its type is another elsewhere\n',
    );
  });

  it('refuses one role twice', () => {
    const part = { role: 'worker', text: 'a 1\n' };
    expect(() => mergeExpositions([part, part])).toThrow(/"worker"/);
  });

  it('reads a line of a megabyte in no time', () => {
    const startedAtMs = performance.now();
    merge(`a{x="${'\\\\'.repeat(500_000)} 1\n`, `${'a{x="1",'.repeat(100_000)}\n`);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
