import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sampleCorrelation } from 'simple-statistics';
import { AnalysisThread } from '../src/compose/analysis-thread.js';
import { analysisSteps } from '../src/domain/rca/analyse.js';
import { correlate } from '../src/domain/rca/correlation.js';
import type { IncidentEvidence } from '../src/domain/rca/evidence.js';
import { PERIOD_MS, POINTS, rcaEvidence } from './rca-evidence.js';

interface Run {
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

function run(evidence: IncidentEvidence): Run {
  const before = process.cpuUsage();
  const steps = analysisSteps(evidence);
  let rss = 0;
  while (steps.next().done !== true) rss = Math.max(rss, process.memoryUsage.rss());
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, rssMiB: rss / 2 ** 20 };
}

/** ms between looks at the event loop. */
const LOOK_EVERY_MS = 5;

/** The longest that this process' event loop is held up while its thread analyses, in ms. */
async function longestBlock(count: number): Promise<number> {
  const program = fileURLToPath(new URL('./rca-history.js', import.meta.url));
  const history = spawn(process.execPath, [program, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'paramedic-bench-'));
  const configPath = path.join(folder, 'bench.yaml');
  const thread = new AnalysisThread(configPath);
  try {
    const [port] = (await once(createInterface(history.stdout), 'line')) as [string];
    await writeFile(configPath, `detector: { port: ${port} }\n`);
    const evidence = { ...rcaEvidence(count), series: [] };
    const query = { service: 'service-0', fromMs: 0, toMs: POINTS * PERIOD_MS };
    const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
    delay.enable();
    const report = await thread.analyse({ evidence, queries: [query] }, () => undefined);
    delay.disable();
    if (report.missing.length > 0) throw new Error(`no whole report: ${report.missing.join(', ')}`);
    return delay.max / 1e6;
  } finally {
    await thread.stop();
    history.stdin.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The naive way: Pearson anew for every series and lag, without significance. CPU seconds. */
function naive(evidence: IncidentEvidence): number {
  const before = process.cpuUsage();
  const [target, ...others] = evidence.series;
  for (const one of others) {
    for (let lag = -LAGS; lag <= LAGS; lag++) {
      sampleCorrelation(
        one.values.slice(Math.max(0, -lag), POINTS - Math.max(0, lag)),
        target!.values.slice(Math.max(0, lag), POINTS - Math.max(0, -lag)),
      );
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** 30 min of 10 s, either way. */
const LAGS = 180;

/** Measures a whole analysis, and its correlation against the naive way, on the same series. */
export async function benchRca(): Promise<
  { name: string; value: number; unit: string; bound?: number }[]
> {
  const small = rcaEvidence(500);
  run(rcaEvidence(100)); // Lets the compiler warm up, as in a worker that has run before.
  const analysed = run(small);
  const window = { fromMs: 0, toMs: POINTS * PERIOD_MS };
  const before = process.cpuUsage();
  correlate(small.series[0]!, small.series.slice(1), window);
  const { user, system } = process.cpuUsage(before);
  const ours = (user + system) / 1e6;
  const theirs = naive(small);
  const large = run(rcaEvidence(5000));
  return [
    { name: 'rca 500 x 360, CPU', value: analysed.cpuSeconds, unit: 's', bound: 1 },
    {
      name: 'rca 500 x 360, event loop held up',
      value: await longestBlock(500),
      unit: 'ms',
      bound: 50,
    },
    { name: 'rca 500 x 360, lagged correlation, CPU', value: ours, unit: 's' },
    { name: 'rca 500 x 360, simple-statistics per lag, CPU', value: theirs, unit: 's' },
    { name: 'rca 5000 x 360, CPU', value: large.cpuSeconds, unit: 's', bound: 15 },
    {
      name: 'rca 5000 x 360, event loop held up',
      value: await longestBlock(5000),
      unit: 'ms',
      bound: 50,
    },
    { name: 'rca 5000 x 360, resident memory', value: large.rssMiB, unit: 'MiB', bound: 500 },
  ];
}
