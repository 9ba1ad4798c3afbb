import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { showStatus } from '../../src/commands/status.js';
import { scratchFolder } from '../support/scratch.js';
import { configFile, run, serve } from './command-run.js';

const healthy = {
  status: 'healthy',
  sla_compliance: 99.5,
  active_violations: 0,
  circuit_breakers: {},
  problems: [],
};
const target = { service: 'chat', lastScrapeAtMs: 1 };
const detector = {
  summary: { active: [] },
  coverage: [
    { threshold: 'request_latency_p95', service: 'chat', status: 'ok', text: 'by the gateway' },
  ],
  targets: [
    { ...target, replica: 'engine-1', url: 'http://e1/metrics', isUp: true },
    { ...target, replica: 'engine-2', url: 'http://e2/metrics', isUp: false, lastError: 'timeout' },
    { ...target, url: 'http://gateway/metrics' },
  ],
};
const violation = {
  service: 'chat',
  replica: 'engine-2',
  metric: 'request_latency_p95',
  value: 913.26,
  unit: 'ms',
  limit: 250,
  severity: 'critical',
};

async function statusOf(body: unknown, dataDir = scratchFolder()) {
  const { port } = await serve(() => ({ body }));
  return configFile(`dataDir: ${dataDir}\nserver: { port: ${port} }\n`);
}

describe('paramedic status', () => {
  it('is 0 when all is well, and shows each target with its last error', async () => {
    const config = await statusOf({ health: healthy, detector });
    const { code, output } = await run(() => showStatus(config, {}));
    expect(code).toBe(0);
    expect(output).toMatch(/^healthy; SLA compliance 99\.5 % \(last hour\); 0 active violation/);
    expect(output).toMatch(/^engine-1 +up +http:\/\/e1\/metrics$/m);
    expect(output).toMatch(/^engine-2 +down +http:\/\/e2\/metrics +timeout$/m);
    expect(output).toMatch(/^ +request_latency_p95 of chat is ok: by the gateway$/m);
    expect(output).toMatch(/^chat +not scraped yet +http:\/\/gateway\/metrics$/m);
  });

  it('is 1 when it is not, and shows what is violated and what does not answer', async () => {
    const health = {
      ...healthy,
      status: 'critical',
      active_violations: 1,
      problems: ['Temporal does not answer'],
    };
    const violated = { ...detector, summary: { active: [violation] } };
    const config = await statusOf({ health, detector: violated });
    const { code, output } = await run(() => showStatus(config, {}));
    expect(code).toBe(1);
    expect(output).toContain('  ! Temporal does not answer');
    expect(output).toMatch(/^engine-2 +request_latency_p95 +913\.3 ms +250\.0 +critical$/m);
  });

  it('goes on without the detector, and with processes that are gone', async () => {
    const dataDir = scratchFolder();
    mkdirSync(path.join(dataDir, 'run'));
    writeFileSync(path.join(dataDir, 'run/worker.pid'), `${process.pid}\n`);
    // Beyond any kernel's highest process number.
    writeFileSync(path.join(dataDir, 'run/detector.pid'), '99999999\n');
    const config = await statusOf(
      { health: { ...healthy, status: 'degraded' }, detector: null },
      dataDir,
    );
    const { code, output } = await run(() => showStatus(config, {}));
    expect(code).toBe(1);
    expect(output).toMatch(/^worker +\d+ +alive$/m);
    expect(output).toMatch(/^detector +99999999 +gone$/m);
    const json = await run(() => showStatus(config, { json: true }));
    expect(json.code).toBe(1);
    expect(JSON.parse(json.output)).toEqual({
      health: { ...healthy, status: 'degraded' },
      detector: null,
      processes: [
        { name: 'detector', pid: 99_999_999, alive: false },
        { name: 'worker', pid: process.pid, alive: true },
      ],
    });
  });
});
