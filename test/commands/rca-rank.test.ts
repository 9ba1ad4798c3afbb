import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRcaRank } from '../../src/commands/rca-rank.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rca-rank-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Forty quiet minutes and five bad ones: `cart` runs hot, `web` waits for it. */
function caseOf(id: string): unknown {
  const points = (usual: number, bad: number): [number, number][] =>
    Array.from({ length: 45 }, (_, i) => [i * 60, (i < 40 ? usual : bad) + (i % 3) * 0.01 * usual]);
  return {
    id,
    stepSeconds: 60,
    incident: { service: 'web', metric: 'latency', startedAt: 2400, kind: 'latency' },
    topology: [{ from: 'web', to: 'cart' }],
    series: [
      { service: 'web', metric: 'latency', points: points(0.1, 0.4) },
      { service: 'web', metric: 'cpu', points: points(20, 20) },
      { service: 'cart', metric: 'latency', points: points(0.05, 0.35) },
      { service: 'cart', metric: 'cpu', points: points(20, 90) },
    ],
  };
}

class Collected extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

describe('rca rank', () => {
  it('prints a line per case, in order, from plain and gzipped files', async () => {
    const plain = path.join(folder, 'a.json');
    const packed = path.join(folder, 'b.json.gz');
    await writeFile(plain, JSON.stringify(caseOf('a')));
    await writeFile(packed, gzipSync(JSON.stringify(caseOf('b'))));
    const output = new Collected();
    await runRcaRank([plain, packed], output);
    const lines = output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { case: 'a', ranking: [{ service: 'cart' }, { service: 'web' }], confident: true },
      { case: 'b', ranking: [{ service: 'cart' }, { service: 'web' }], confident: true },
    ]);
  });

  it('reads points in any order, twice, or without a value, all the same', async () => {
    const files = ['clean.json', 'messy.json'].map((name) => path.join(folder, name));
    const messy = caseOf('x') as { topology?: unknown; series: { points: unknown[] }[] };
    for (const series of messy.series) {
      const [first, ...rest] = series.points;
      series.points = [...rest.reverse(), [-60, null], first, first];
    }
    await writeFile(files[0]!, JSON.stringify(caseOf('x')));
    await writeFile(files[1]!, JSON.stringify(messy));
    const output = new Collected();
    await runRcaRank(files, output);
    const [clean, same] = output.text.trimEnd().split('\n');
    expect(same).toBe(clean);
  });

  it.each([
    ['no JSON', '{', /bad\.json: cannot be read/],
    ['no case', '{"id": "x"}', /bad\.json: stepSeconds: /],
    [
      'no number',
      JSON.stringify({
        ...(caseOf('x') as object),
        series: [{ service: 's', metric: 'm', points: [[1, 'a']] }],
      }),
      /bad\.json: series\.0\.points\.0\.1: /,
    ],
  ])('names the file that holds %s, after the lines before it', async (_, text, message) => {
    const good = path.join(folder, 'good.json');
    const bad = path.join(folder, 'bad.json');
    await writeFile(good, JSON.stringify(caseOf('good')));
    await writeFile(bad, text);
    const output = new Collected();
    await expect(runRcaRank([good, bad], output)).rejects.toThrow(message);
    expect(output.text).toMatch(/^\{"case":"good"/);
  });

  it('names a file that is not there', async () => {
    const file = path.join(folder, 'absent.json');
    await expect(runRcaRank([file], new Collected())).rejects.toThrow(/absent\.json/);
  });
});
