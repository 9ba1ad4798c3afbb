import http from 'node:http';
import type net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AnalysisAsk } from '../../src/activities/analysis.js';
import { encodeColumns } from '../../src/adapters/history/columns.js';
import type { AnalysisThread as Thread } from '../../src/compose/analysis-thread.js';
import type { SeriesPoints } from '../../src/domain/ports.js';
import { configFile } from '../commands/command-run.js';
import { evidenceOf, FAULTS } from '../domain/rca/synthetic-fleet.js';

// A thread needs the built program: the test run has built it.
const built = '../../dist/src/compose/analysis-thread.js';
const { AnalysisThread } = (await import(built)) as { AnalysisThread: typeof Thread };

const evidence = evidenceOf(FAULTS[0]!, 1, 'engine-2');
const ask: AnalysisAsk = {
  evidence: { ...evidence, series: [] },
  queries: [{ service: 'engine', fromMs: 0, toMs: evidence.incident.openedAtMs }],
};

/** A detector with that history, and the configuration that leads to it. */
async function detectorWith(series: readonly SeriesPoints[]): Promise<string> {
  const server = http.createServer((_, response) => response.end(encodeColumns(series)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  return configFile(`detector: { port: ${port} }\n`);
}

function thread(config: string): Thread {
  const made = new AnalysisThread(config);
  onTestFinished(() => made.stop());
  return made;
}

describe('an analysis in its thread', { timeout: 60_000 }, () => {
  it('reads the series itself, tells how far it is, and gives the report', async () => {
    const config = await detectorWith(evidence.series);
    const stages: string[] = [];
    const report = await thread(config).analyse(ask, ({ stage }) => stages.push(stage));
    expect(report.probableCause).toMatchObject({ kind: 'infrastructure', replica: 'engine-2' });
    expect(stages[0]).toBe('ranking');
  });

  it('reports without series while the history is down, and says so', async () => {
    const config = configFile('detector: { port: 1 }\n');
    const report = await thread(config).analyse(ask, () => undefined);
    expect(report.missing.join()).toMatch(/history of engine: .*refused|history of engine: /);
    expect(report.isConfident).toBe(false);
  });

  it('ends when it is cancelled, and the next analysis gets a new thread', async () => {
    const config = await detectorWith(evidence.series);
    const one = thread(config);
    const cancelled = one.analyse(ask, () => {
      throw new Error('cancelled');
    });
    const next = one.analyse(ask, () => undefined);
    await expect(cancelled).rejects.toThrow('cancelled');
    expect((await next).probableCause?.kind).toBe('infrastructure');
  });

  it('fails with what is wrong with its configuration', async () => {
    const config = configFile('detector: { port: no }\n');
    await expect(thread(config).analyse(ask, () => undefined)).rejects.toThrow(/detector.port/);
  });
});
