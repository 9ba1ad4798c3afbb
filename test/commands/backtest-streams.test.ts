import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BacktestLine } from '../../src/commands/backtest-line.js';
import { runBacktest } from '../../src/commands/backtest.js';
import { DEFAULT_SLA_POLICY } from '../../src/domain/sla/policy.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { KINDS, labelledStream, type LabelledStream } from '../domain/sla/labelled-streams.js';
import { faultsOf } from '../domain/sla/score-stream.js';

/**
 * Every kind of stream, at every period, through the backtest. Ten seeds at 60 s and 10 s; at 1 s, where
 * a stream has 21,600 samples, and 48 h have 172,800, fewer, so that all of it takes seconds.
 * `PARAMEDIC_ALL_SEEDS=1` runs ten everywhere.
 */
const ALL = process.env['PARAMEDIC_ALL_SEEDS'] === '1';
const SEEDS: Readonly<Record<number, number>> = { 1: ALL ? 10 : 1, 10: ALL ? 10 : 2, 60: 10 };
const PERIODS = [1, 10, 60];
const START_S = 1_700_000_000;
const PYTHON_STREAMS = path.resolve(import.meta.dirname, '../../../shared/tools/streams.py');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'paramedic-streams-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function linesOf(stream: LabelledStream): Promise<BacktestLine[]> {
  const input = path.join(folder, 'stream.csv');
  const rows = stream.times.map(
    (t, i) => `${START_S + t},request_latency_p95,${stream.values[i]!}`,
  );
  writeFileSync(input, `time,metric,value\n${rows.join('\n')}\n`);
  const lines: BacktestLine[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as BacktestLine);
      done();
    },
  });
  const thresholds = DEFAULT_THRESHOLDS;
  await runBacktest({ thresholds, policy: DEFAULT_SLA_POLICY, input, output });
  return lines;
}

async function faults(
  kind: string,
  periodS: number,
  make: (seeds: number) => readonly LabelledStream[],
): Promise<string[]> {
  const found: string[] = [];
  const seeds = kind === 'daily_season' && periodS < 60 && !ALL ? 1 : SEEDS[periodS]!;
  for (const [seed, stream] of make(seeds).entries()) {
    const lines = await linesOf(stream);
    const wrong = faultsOf(lines, stream, KINDS[kind]!.expectation, START_S * 1000, periodS);
    found.push(...wrong.map((fault) => `seed ${seed}: ${fault}`));
  }
  return found;
}

describe('the labelled streams of this repository', () => {
  for (const kind of Object.keys(KINDS)) {
    it.each(PERIODS)(
      `${kind} every %d s`,
      async (periodS) => {
        const make = (seeds: number) =>
          Array.from({ length: seeds }, (_, seed) => labelledStream(kind, seed, periodS));
        expect(await faults(kind, periodS, make)).toEqual([]);
      },
      60_000,
    );
  }
});

// The maintainers' generator lies beside the repository, and is no part of it.
describe.skipIf(!existsSync(PYTHON_STREAMS))('the maintainers’ labelled streams', () => {
  const generate = (kind: string, seeds: number, periodS: number): LabelledStream[] => {
    const program = [
      'import json, sys',
      'sys.path.insert(0, sys.argv[1])',
      'import streams',
      'all = [streams.make(sys.argv[2], seed, int(sys.argv[4])) for seed in range(int(sys.argv[3]))]',
      'print(json.dumps([{"times": t, "values": v, "incidents": i} for t, v, i in all]))',
    ].join('\n');
    const args = [path.dirname(PYTHON_STREAMS), kind, String(seeds), String(periodS)];
    const options = { maxBuffer: 1 << 28, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } };
    const out = execFileSync('python3', ['-c', program, ...args], options);
    return JSON.parse(out.toString()) as LabelledStream[];
  };
  for (const kind of Object.keys(KINDS)) {
    it.each(ALL ? PERIODS : [60])(
      `${kind} every %d s`,
      async (periodS) => {
        expect(await faults(kind, periodS, (seeds) => generate(kind, seeds, periodS))).toEqual([]);
      },
      60_000,
    );
  }
});
