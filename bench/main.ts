/**
 * `npm run bench`: runs each function `bench…` that a file of this folder exports, one after the
 * other, and prints its figures. Exit code 1 where a figure is beyond its bound.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figureTable, isOk, type BenchFigure } from './figure-table.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));

interface Bench {
  readonly run: () => Promise<readonly BenchFigure[]>;
  /** Whether it takes too long to run unasked: its module says so. */
  readonly isOnlyByName: boolean;
}

/** All benches of this folder, by name without its prefix, e.g. `ingest-load`. */
async function findBenches(): Promise<ReadonlyMap<string, Bench>> {
  const found = new Map<string, Bench>();
  const files = readdirSync(HERE).filter((file) => file.endsWith('.js'));
  for (const file of files.sort()) {
    // Others are programs or parts of benches: importing a program would run it.
    const text = readFileSync(path.join(HERE, file), 'utf8');
    if (!/^(?:async )?function bench[A-Z]/m.test(text)) continue;
    const exported = (await import(`./${file}`)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(exported)) {
      const match = /^bench([A-Z]\w*)$/.exec(name);
      if (match === null || typeof value !== 'function') continue;
      const words = match[1]!.replaceAll(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      const isOnlyByName = exported['ONLY_BY_NAME'] === true;
      found.set(words, { run: value as Bench['run'], isOnlyByName });
    }
  }
  return found;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
});
const benches = await findBenches();
const unknown = values.only.filter((name) => !benches.has(name));
if (unknown.length > 0) {
  const names = [...benches.keys()].join(', ');
  process.stderr.write(`no bench is named ${unknown.join(', ')}; there are ${names}\n`);
  process.exit(2);
}
if (values.list) {
  process.stdout.write(`${[...benches.keys()].join('\n')}\n`);
  process.exit(0);
}

const figures: BenchFigure[] = [];
for (const [name, bench] of benches) {
  if (values.only.length > 0 ? !values.only.includes(name) : bench.isOnlyByName) continue;
  process.stderr.write(`${name} …\n`);
  figures.push(...(await bench.run()));
}
process.stdout.write(
  values.json
    ? `${JSON.stringify({ figures: figures.map((one) => ({ ...one, ok: isOk(one) })) }, null, 2)}\n`
    : figureTable(figures),
);
process.exit(figures.every(isOk) ? 0 : 1);
