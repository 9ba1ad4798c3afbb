import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { figuresOf, type Waits } from './figures.js';
import { checkInvariants, INVARIANTS, type InvariantName } from './invariants.js';
import { PLANTS } from './plants.js';
import { torture } from './run.js';
import { storyOf } from './story.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    plant: { type: 'string' },
    evidence: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write(
    'usage: npm run torture -- [--minutes N] [--seed S] [--plant INVARIANT] [--evidence FILE] [--keep FOLDER] [--json]\n',
  );
  process.exit(2);
}
const planted = values.plant as InvariantName | undefined;
if (planted !== undefined && !(planted in PLANTS)) {
  process.stderr.write(`--plant: expected one of ${Object.keys(PLANTS).join(', ')}\n`);
  process.exit(2);
}

const out = (line: string) => void process.stdout.write(`${line}\n`);
const startedAtMs = Date.now();
const clock = () => `${((Date.now() - startedAtMs) / 1000).toFixed(0).padStart(5)} s  `;
// Through `exit`, which ends what was started and gives the disk back; a second signal must not cut it short.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
out(`torture: ${minutes} min, seed ${seed}`);
const keepIn = values.keep;
const result = await torture({ minutes, seed, keepIn, tell: (line) => out(clock() + line) });
const evidence = planted === undefined ? result.evidence : PLANTS[planted](result.evidence);
if (values.evidence !== undefined) writeFileSync(values.evidence, JSON.stringify(result.evidence));
const findings = checkInvariants(evidence);
const figures = figuresOf(result.evidence);
if (values.json) {
  const { rounds, blows, missing } = result;
  out(JSON.stringify({ seed, minutes, rounds, blows, missing, figures, findings }));
} else {
  const { toFirstActionMs, throughFirstActionMs, afterWaitingMs, recovered } = figures;
  const spread = ({ p50, p99, n }: Waits) => `p50 ${p50} ms, p99 ${p99} ms (n = ${n})`;
  out(`${result.rounds} rounds, blows: ${JSON.stringify(result.blows)}`);
  out(`${figures.incidents} incidents, outcomes: ${JSON.stringify(figures.outcomes)}`);
  out(`from the incident to its first action: ${spread(toFirstActionMs)}`);
  out(`until that was through: ${spread(throughFirstActionMs)}`);
  out(`to the first action behind another recovery: ${spread(afterWaitingMs)}`);
  out(`recovered: ${recovered.n} of ${recovered.of} that changed anything`);
  for (const [name, words] of Object.entries(INVARIANTS)) {
    const broken = findings.filter(({ invariant }) => invariant === name);
    out(`${broken.length === 0 ? 'holds ' : 'BROKEN'}  ${words}`);
    for (const { text } of broken) out(`        ${text}`);
  }
  if (findings.length > 0) for (const line of storyOf(evidence)) out(line);
}
out(findings.length === 0 ? `clean (seed ${seed})` : `${findings.length} findings (seed ${seed})`);
process.exitCode = findings.length === 0 ? 0 : 1;
