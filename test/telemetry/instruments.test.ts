import { describe, expect, it } from 'vitest';
import { Counter, Gauge, Histogram } from '../../src/telemetry/instruments.js';
import { escapeLabel, MAX_SERIES } from '../../src/telemetry/labels.js';
import { Registry } from '../../src/telemetry/registry.js';

describe('escapeLabel', () => {
  it.each([
    ['plain', 'plain'],
    ['a"b', 'a\\"b'],
    ['a\\b', 'a\\\\b'],
    ['a\nb', 'a\\nb'],
    ['\\n', '\\\\n'],
    ['чат 💬 {},=', 'чат 💬 {},='],
  ])('%j becomes %j', (value, expected) => expect(escapeLabel(value)).toBe(expected));
});

describe('Counter', () => {
  it('adds by labels, in the order of the spec', () => {
    const counter = new Counter('c_total', 'h', { a: ['x', 'y'], b: 'bounded' });
    counter.add({ b: 'q', a: 'x' });
    counter.add({ a: 'x', b: 'q' }, 2.5);
    counter.add({ a: 'y', b: 'q' }, 0);
    expect([...counter.samples()]).toEqual(['c_total{a="x",b="q"} 3.5', 'c_total{a="y",b="q"} 0']);
  });

  it.each([-1, NaN, Infinity, -Infinity])('ignores %d', (by) => {
    const counter = new Counter('c_total', 'h', {});
    counter.add({}, 1);
    counter.add({}, by);
    expect([...counter.samples()]).toEqual(['c_total 1']);
  });

  it.each([
    [5, 3, 5],
    [5, 9, 9],
    [0, NaN, 0],
  ])('at %d starts at the total %d as %d, never less', (counted, total, expected) => {
    const counter = new Counter('c_total', 'h', {});
    counter.add({}, counted);
    counter.startAt({}, total);
    expect([...counter.samples()]).toEqual([`c_total ${expected}`]);
  });

  it('shows every combination of closed labels at 0, and nothing where one is open', () => {
    const closed = new Counter('c_total', 'h', { a: ['x', 'y'], b: ['1', '2'] });
    closed.add({ a: 'y', b: '1' });
    closed.fill();
    expect(new Set(closed.samples())).toEqual(
      new Set([
        'c_total{a="x",b="1"} 0',
        'c_total{a="x",b="2"} 0',
        'c_total{a="y",b="1"} 1',
        'c_total{a="y",b="2"} 0',
      ]),
    );
    const open = new Counter('d_total', 'h', { a: ['x'], b: 'bounded' });
    open.fill();
    expect([...open.samples()]).toEqual([]);
  });
});

describe('labels', () => {
  it('counts a value outside its closed list as other', () => {
    const counter = new Counter('c_total', 'h', { a: ['x'] });
    // From plain JSON, where the type says nothing.
    counter.add(JSON.parse('{"a":"evil"}') as { a: 'x' });
    expect([...counter.samples()]).toEqual(['c_total{a="other"} 1']);
  });

  it('takes so many series and counts the rest as other, losing nothing', () => {
    const counter = new Counter('c_total', 'h', { id: 'bounded' });
    for (let i = 0; i < MAX_SERIES + 100; i++) counter.add({ id: String(i) });
    counter.add({ id: '0' });
    const lines = [...counter.samples()];
    expect(lines).toHaveLength(MAX_SERIES + 1);
    expect(lines[0]).toBe('c_total{id="0"} 2');
    expect(lines.at(-1)).toBe('c_total{id="other"} 100');
  });
});

describe('Gauge', () => {
  it('shows nothing before it is set, then the last value, and forgets on demand', () => {
    const gauge = new Gauge('g', 'h', { s: 'bounded' });
    gauge.fill();
    expect([...gauge.samples()]).toEqual([]);
    gauge.set({ s: 'a' }, 1);
    gauge.set({ s: 'a' }, -2.5);
    gauge.set({ s: 'b' }, 3);
    expect([...gauge.samples()]).toEqual(['g{s="a"} -2.5', 'g{s="b"} 3']);
    gauge.remove({ s: 'a' });
    expect([...gauge.samples()]).toEqual(['g{s="b"} 3']);
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [0, '0'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [0.1, '0.1'],
  ])('spells %d as %s', (value, expected) => {
    const gauge = new Gauge('g', 'h', {});
    gauge.set({}, value);
    expect([...gauge.samples()]).toEqual([`g ${expected}`]);
  });
});

describe('Histogram', () => {
  it('counts into inclusive, cumulative buckets with sum and count', () => {
    const histogram = new Histogram('h_seconds', 'h', { p: 'bounded' }, [0.5, 1, 10]);
    for (const value of [0.5, 0.6, 1, 10.1, -3]) histogram.observe({ p: 'x' }, value);
    expect([...histogram.samples()]).toEqual([
      'h_seconds_bucket{p="x",le="0.5"} 2',
      'h_seconds_bucket{p="x",le="1"} 4',
      'h_seconds_bucket{p="x",le="10"} 4',
      'h_seconds_bucket{p="x",le="+Inf"} 5',
      `h_seconds_sum{p="x"} ${0.5 + 0.6 + 1 + 10.1 - 3}`,
      'h_seconds_count{p="x"} 5',
    ]);
  });

  it.each([NaN, Infinity, -Infinity])('ignores %d', (value) => {
    const histogram = new Histogram('h', 'h', {}, [1]);
    histogram.observe({}, value);
    expect([...histogram.samples()]).toEqual([]);
  });

  it.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[NaN]]])(
    'refuses the bounds %j',
    (bounds) => {
      expect(() => new Histogram('h', 'h', {}, bounds)).toThrow(RangeError);
    },
  );
});

describe('Registry', () => {
  it('writes HELP and TYPE of families with samples, escaped, in order', () => {
    const registry = new Registry();
    const second = registry.counter('b_total', 'back\\slash\nand "quote"', {});
    registry.gauge('unused', 'h', {});
    const gauge = registry.gauge('a', 'a gauge', {});
    gauge.set({}, 1);
    second.add({});
    expect(registry.render()).toBe(
      '# HELP b_total back\\\\slash\\nand "quote"\n# TYPE b_total counter\nb_total 1\n' +
        '# HELP a a gauge\n# TYPE a gauge\na 1\n',
    );
  });

  it('refuses a name twice', () => {
    const registry = new Registry();
    registry.gauge('a', 'h', {});
    expect(() => registry.counter('a', 'h', {})).toThrow(/a is there already/);
  });

  it('asks collectors at each exposition', () => {
    const registry = new Registry();
    const gauge = registry.gauge('a', 'h', {});
    let n = 0;
    registry.onCollect(() => gauge.set({}, ++n));
    registry.render();
    expect(registry.render()).toContain('a 2\n');
  });
});
