import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { prometheusText } from '../src/adapters/sources/prometheus-text.js';
import { SeriesTable } from '../src/adapters/sources/series-table.js';
import { Ingest } from '../src/detector/ingest.js';
import { SeriesStore } from '../src/detector/series-store.js';
import { SlaEvaluator } from '../src/domain/sla/evaluator.js';
import { DEFAULT_THRESHOLDS } from '../src/domain/sla/threshold.js';
import type { Figure } from './ingest.js';

interface Load {
  readonly targets: number;
  readonly series: number;
  readonly periodMs: number;
  readonly replicasPerService: number;
  /** Periods measured, after two to warm up. */
  readonly periods: number;
}

interface LoadResult {
  /** Of one core, percent. */
  readonly cpuPercent: number;
  readonly maxLateMs: number;
  readonly scrapesPerSecond: number;
  readonly failures: number;
  readonly skipped: number;
}

/**
 * Scrapes many targets, and the default fleet, over real HTTP on loopback: scrape, parse, store and
 * evaluate in this process, the targets in another. Takes about 90 s.
 */
export async function benchIngestLoad(): Promise<Figure[]> {
  const many = await runLoad({
    targets: 2_000,
    series: 100,
    periodMs: 15_000,
    replicasPerService: 40,
    periods: 2,
  });
  const fleet = await runLoad({
    targets: 4,
    series: 300,
    periodMs: 1_000,
    replicasPerService: 4,
    periods: 20,
  });
  const most = (name: string, value: number, unit: string, bound: number): Figure => ({
    name,
    value,
    unit,
    bound,
  });
  return [
    most('2,000 targets × 100 series at 15 s: CPU', many.cpuPercent, '% of a core', 50),
    most('2,000 targets: latest scrape', many.maxLateMs, 'ms late', 15_000),
    most('2,000 targets: failed and missed', many.failures + many.skipped, 'scrapes', 0),
    { name: '2,000 targets', value: many.scrapesPerSecond, unit: 'scrapes/s' },
    most('default fleet at 1 s: CPU', fleet.cpuPercent, '% of a core', 1),
    most('default fleet: latest scrape', fleet.maxLateMs, 'ms late', 1_000),
  ];
}

async function runLoad(load: Load): Promise<LoadResult> {
  const program = fileURLToPath(new URL('./ingest-load-fleet.js', import.meta.url));
  const fleet = spawn(process.execPath, [program, String(load.targets), String(load.series)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [line = '[]'] = await Promise.race([
      createInterface(fleet.stdout)
        [Symbol.asyncIterator]()
        .next()
        .then(({ value }) => [value as string]),
      new Promise<never>((_, reject) =>
        fleet.once('exit', (code) => reject(new Error(`the fleet ended with ${code}`))),
      ),
    ]);
    return await scrapeLoad(load, JSON.parse(line) as number[]);
  } finally {
    fleet.removeAllListeners('exit');
    fleet.stdin.end();
  }
}

async function scrapeLoad(load: Load, ports: readonly number[]): Promise<LoadResult> {
  const { periodMs, replicasPerService } = load;
  const evaluator = new SlaEvaluator(DEFAULT_THRESHOLDS);
  const ingest = new Ingest({
    store: new SeriesStore(),
    thresholds: DEFAULT_THRESHOLDS,
    onSample: (sample) => evaluator.observe(sample),
  });
  const targets = ports.map((port, i) => ({
    url: `http://127.0.0.1:${port}/metrics`,
    service: `service-${Math.floor(i / replicasPerService)}`,
    replica: `engine-${i % replicasPerService}`,
  }));
  const settings = prometheusText.schema.parse({
    period: `${periodMs}ms`,
    timeout: `${Math.min(periodMs, 10_000)}ms`,
    targets,
  });
  ingest.addSource(prometheusText.create(settings, { table: new SeriesTable() }));
  const tick = setInterval(() => evaluator.advance(Date.now()), 1000);
  ingest.start();
  try {
    await pause(2 * periodMs);
    const before = totals(ingest);
    const cpu = process.cpuUsage();
    const began = performance.now();
    await pause(load.periods * periodMs);
    const used = process.cpuUsage(cpu);
    const seconds = (performance.now() - began) / 1000;
    const after = totals(ingest);
    return {
      cpuPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
      maxLateMs: Math.max(...ingest.targets().map(({ maxLateMs }) => maxLateMs)),
      scrapesPerSecond: (after.scrapes - before.scrapes) / seconds,
      failures: after.failures,
      skipped: after.skipped,
    };
  } finally {
    clearInterval(tick);
    await ingest.stop();
  }
}

function totals(ingest: Ingest): { scrapes: number; failures: number; skipped: number } {
  const sum = { scrapes: 0, failures: 0, skipped: 0 };
  for (const { scrapes, failures, skipped } of ingest.targets()) {
    sum.scrapes += scrapes;
    sum.failures += failures;
    sum.skipped += skipped;
  }
  return sum;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
