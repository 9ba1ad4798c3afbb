import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { BacktestLine } from '../../src/commands/backtest-line.js';
import { runBacktest, type BacktestTotals } from '../../src/commands/backtest.js';
import { DEFAULT_SLA_POLICY } from '../../src/domain/sla/policy.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { seededRandom } from '../domain/sla/labelled-streams.js';

const START_S = 1_700_000_000;
const METRIC = 'request_latency_p95';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'paramedic-backtest-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(text: string): Promise<{ lines: BacktestLine[]; totals: BacktestTotals }> {
  const input = path.join(folder, 'samples');
  writeFileSync(input, text);
  let written = '';
  const output = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      written += String(chunk);
      setImmediate(done);
    },
  });
  const thresholds = DEFAULT_THRESHOLDS;
  const totals = await runBacktest({ thresholds, policy: DEFAULT_SLA_POLICY, input, output });
  await new Promise((resolve) => output.end(resolve));
  const lines = written.split('\n').filter((line) => line !== '');
  return { lines: lines.map((line) => JSON.parse(line) as BacktestLine), totals };
}

/** Ten minutes good, ten minutes bad, twenty minutes good, every 10 s. */
const VALUES = Array.from({ length: 240 }, (_, i) => (i >= 60 && i < 120 ? 300 : 150));
const timeOf = (i: number) => START_S + 10 * i;
const CSV_ROWS = VALUES.map((value, i) => `${timeOf(i)},${METRIC},${value}`);
const CSV = ['time,metric,value', ...CSV_ROWS].join('\n');
const EXPECTED = [
  {
    event: 'violation',
    kind: 'latency_breach',
    metric: METRIC,
    scope: 'service',
    atMs: (START_S + 830) * 1000,
    severity: 'critical',
    value: 300,
    limit: 250,
  },
  {
    event: 'resolved',
    kind: 'latency_breach',
    metric: METRIC,
    scope: 'service',
    atMs: (START_S + 1730) * 1000,
    severity: 'critical',
    value: 150,
    limit: 250,
  },
];

describe('a backtest', () => {
  it('prints one line an event', async () => {
    const { lines, totals } = await run(CSV);
    expect(lines).toEqual(EXPECTED);
    expect(totals).toMatchObject({ samples: 240, events: 2, strayTimes: 0, unjudgedMetrics: [] });
  });

  it.each([
    [
      'JSON Lines',
      VALUES.map((value, i) => JSON.stringify({ time: timeOf(i), metric: METRIC, value })),
    ],
    [
      'ISO 8601, quotes, another order of columns, CRLF and a byte order mark',
      [
        '\uFEFFvalue,"note",metric,time',
        ...VALUES.map(
          (v, i) => `${v},"a ""b"", c","${METRIC}",${new Date(timeOf(i) * 1000).toISOString()}\r`,
        ),
      ],
    ],
    [
      'ISO 8601 without an offset, and with one',
      [
        'time,metric,value',
        ...VALUES.map((v, i) => {
          const shifted = i % 2 === 0 ? 0 : 2 * 3_600_000;
          const text = new Date(timeOf(i) * 1000 + shifted).toISOString().slice(0, 19);
          return `${i % 2 === 0 ? text.replace('T', ' ') : `${text}+02:00`},${METRIC},${v}`;
        }),
      ],
    ],
    ['an empty line at the end', [CSV, '', '']],
  ])('reads %s', async (_, lines) => {
    expect((await run(lines.join('\n'))).lines).toEqual(EXPECTED);
  });

  it('gives the same whatever the order of the rows, and whatever is repeated', async () => {
    const random = seededRandom(5);
    const rows = [...CSV_ROWS, ...CSV_ROWS.slice(50, 100)]
      .map((row) => ({ row, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ row }) => row);
    const { lines, totals } = await run(['time,metric,value', ...rows].join('\n'));
    expect(lines).toEqual(EXPECTED);
    expect(totals.rejected.duplicate).toBe(50);
  });

  it('names the replica, also in a file with one series after the other', async () => {
    const rows = ['a', 'b', 'c'].flatMap((replica) =>
      VALUES.map((v, i) => `${timeOf(i)},${METRIC},${replica === 'b' ? v : 150},${replica}`),
    );
    const { lines } = await run(['time,metric,value,replica', ...rows].join('\n'));
    expect(lines).toEqual(EXPECTED.map((line) => ({ ...line, scope: 'b' })));
  });

  it('counts junk values and absurd times, which change nothing', async () => {
    const junk = ['NaN', '+Inf', '-inf', '-5', '1e300'].map(
      (v, i) => `${timeOf(70 + i) + 5},${METRIC},${v}`,
    );
    const stray = [`5,${METRIC},900`, `99999999999,${METRIC},900`];
    const { lines, totals } = await run([CSV, ...junk, ...stray].join('\n'));
    expect(lines).toEqual(EXPECTED);
    expect(totals.rejected).toMatchObject({ nonFinite: 3, implausible: 2 });
    expect(totals.strayTimes).toBe(2);
  });

  it('takes NaN and Infinity as Python writes them', async () => {
    const row = `{"time": ${timeOf(0)}, "metric": "${METRIC}", "value": `;
    const { totals } = await run(`${row}NaN}\n${row}-Infinity}\n${row}1}`);
    expect(totals.rejected.nonFinite).toBe(2);
  });

  it('reports a stream that stops, at the time when it was overdue', async () => {
    const gap = VALUES.slice(0, 60).map((v, i) => `${timeOf(i < 30 ? i : i + 300)},${METRIC},${v}`);
    const { lines } = await run(['time,metric,value', ...gap].join('\n'));
    expect(lines).toEqual([
      {
        event: 'no-data',
        kind: null,
        metric: METRIC,
        scope: 'service',
        atMs: (timeOf(29) + 30) * 1000,
        severity: null,
        value: null,
        limit: null,
      },
    ]);
  });

  it('names the metrics that nothing judges', async () => {
    const { totals } = await run(`${CSV}\n${timeOf(300)},made_up,1`);
    expect(totals.unjudgedMetrics).toEqual(['made_up']);
  });

  it.each([
    ['a missing column', 'time,value\n1,2', /samples:1: missing column metric/],
    [
      'a bad number',
      `${CSV}\n${timeOf(500)},${METRIC},fast`,
      /samples:242: value: expected a number, got "fast"/,
    ],
    ['an empty value', `time,metric,value\n1,${METRIC},`, /samples:2: value: missing/],
    [
      'a bad time',
      `time,metric,value\nyesterday,${METRIC},1`,
      /samples:2: time: expected Unix seconds or ISO/,
    ],
    [
      'an impossible date',
      `time,metric,value\n2026-13-45,${METRIC},1`,
      /samples:2: time: expected/,
    ],
    [
      'too few fields',
      `time,metric,value\n1,${METRIC}`,
      /samples:2: 2 fields, but the header has 3/,
    ],
    ['an open quote', `time,metric,value\n1,"${METRIC},1`, /samples:2: a quote is not closed/],
    ['an empty file', '', /samples:1: the file is empty/],
    ['broken JSON', '{"time": 1', /samples:1: expected a JSON object/],
    [
      'JSON of another shape',
      `{"time":1,"metric":"m","value":1}\n[1]`,
      /samples:2: expected a JSON object/,
    ],
    ['a JSON row without a value', '{"time":1,"metric":"m"}', /samples:1: value: missing/],
    [
      'a field of the wrong type',
      '{"time":1,"metric":"m","value":[1]}',
      /samples:1: value: expected a string or a number/,
    ],
  ])('refuses %s, with its line', async (_, text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });

  it('refuses a file that is not there', async () => {
    const input = path.join(folder, 'missing.csv');
    const output = new Writable();
    const thresholds = DEFAULT_THRESHOLDS;
    await expect(
      runBacktest({ thresholds, policy: DEFAULT_SLA_POLICY, input, output }),
    ).rejects.toThrow('ENOENT');
  });
});
