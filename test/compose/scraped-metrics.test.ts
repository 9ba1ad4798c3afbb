import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import { listen } from '../../src/compose/http-listener.js';
import { mirrorOpenIncidents } from '../../src/compose/open-incidents.js';
import { sendMetrics } from '../../src/compose/send-metrics.js';
import { createApp } from '../../src/server/app.js';
import { createRoleMetrics } from '../../src/server/role-metrics.js';
import { BREAKER_STATES, createTelemetry, mergeExpositions } from '../../src/telemetry.js';
import { serverParts } from '../server/server-parts.js';
import { describeWithProgram } from '../support/programs.js';
import { PrometheusProcess, type InstantSample } from '../support/prometheus.js';

/** The design's nine: type, labels, and what a scrape must give for what is recorded below. */
const NINE = {
  sla_violations_total: { type: 'counter', labels: ['severity', 'type'], sum: 1 },
  sla_compliance_rate: { type: 'gauge', labels: [], sum: 99.5 },
  sla_threshold_breaches: { type: 'counter', labels: ['metric'], sum: 4 },
  recovery_executions_total: { type: 'counter', labels: ['procedure', 'status'], sum: 1 },
  recovery_duration_seconds: { type: 'histogram', labels: ['procedure'], sum: 42 },
  circuit_breaker_state: { type: 'gauge', labels: ['kind', 'replica', 'service'], sum: 2 },
  rca_analyses_total: { type: 'counter', labels: [], sum: 1 },
  rca_duration_seconds: { type: 'histogram', labels: [], sum: 0.3 },
  rca_correlations_found: { type: 'histogram', labels: [], sum: 3 },
} as const;

const SDK =
  '# TYPE temporal_request_total counter\ntemporal_request_total{namespace="default"} 7\n';

/** What stands in for the port at which Temporal's SDK exports; its text is of its form. */
async function sdkPort(): Promise<string> {
  const server = createServer((_, response) => response.end(SDK));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

/** Each role's telemetry with something recorded, on its way to the scrape as in production. */
async function served(): Promise<string> {
  const roleOf = (role: 'detector' | 'worker' | 'server') => {
    const telemetry = createTelemetry({ role, version: '1' });
    onTestFinished(() => telemetry.close());
    return telemetry;
  };
  const [detector, worker, server] = [roleOf('detector'), roleOf('worker'), roleOf('server')];
  detector.sla.violations.add({ severity: 'major', type: 'latency_breach' });
  detector.sla.complianceRate.set({}, 99.5);
  detector.sla.thresholdBreaches.add({ metric: 'request_latency_p95' }, 4);
  detector.recovery.breakerState.set(
    { service: 'chat', replica: 'engine-2', kind: 'aphrodite_engine' },
    BREAKER_STATES.open,
  );
  worker.recovery.executions.add({ procedure: 'latency_spike', status: 'recovered' });
  worker.recovery.duration.observe({ procedure: 'latency_spike' }, 42);
  worker.rca.analyses.add({});
  worker.rca.duration.observe({}, 0.3);
  worker.rca.correlationsFound.observe({}, 3);
  const archive = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => archive.close());
  const roles = createRoleMetrics(Date.now);
  const openIncidents = mirrorOpenIncidents(archive, server, Date.now);
  const app = createApp(
    await serverParts({
      takeMetrics: (name, text) => roles.take(name, text),
      metrics: async () => {
        await openIncidents();
        const own = { role: 'server', text: server.expose() };
        const other = { role: 'detector', text: detector.expose() };
        return mergeExpositions([own, other, ...roles.expositions()]);
      },
    }),
  );
  const listener = await listen(app, { host: '127.0.0.1', port: 0, setting: 'none' });
  onTestFinished(() => listener.stop());
  const serverUrl = `http://127.0.0.1:${listener.port}`;
  const problems: unknown[] = [];
  const stop = sendMetrics({
    ...{ telemetry: worker, archive, serverUrl, token: undefined, name: 'worker-1' },
    sdkMetricsUrl: await sdkPort(),
    onFailed: (error) => problems.push(error),
  });
  onTestFinished(() => {
    stop();
    expect(problems).toEqual([]);
  });
  return serverUrl;
}

describeWithProgram('prometheus', 'what a real Prometheus reads of /metrics', (program) => {
  it('is the nine metrics, by name, type, label and value, and Temporal’s own', async () => {
    const address = new URL(await served()).host;
    const job = { job_name: 'paramedic', scrape_interval: '1s' };
    const prometheus = await PrometheusProcess.start(program, {
      scrape_configs: [{ ...job, static_configs: [{ targets: [address] }] }],
    });
    onTestFinished(() => prometheus.stop());
    const ask = async (path: string) =>
      ((await (await fetch(`${prometheus.url}/api/v1/${path}`)).json()) as { data: unknown }).data;
    const query = async (text: string) => {
      const data = await ask(`query?query=${encodeURIComponent(text)}`);
      return (data as { result: InstantSample[] }).result;
    };
    const within = { timeout: 60_000, interval: 250 };
    await vi.waitFor(async () => {
      expect(await query('rca_analyses_total')).toHaveLength(1);
      expect(await query('sla_compliance_rate')).toHaveLength(1);
    }, within);
    const metadata = (await ask('metadata?limit=1000')) as Record<string, { type: string }[]>;
    for (const [name, { type, labels, sum }] of Object.entries(NINE)) {
      expect([name, metadata[name]?.[0]?.type]).toEqual([name, type]);
      const series = await query(type === 'histogram' ? `${name}_sum` : name);
      const filled = series.filter(({ value }) => Number(value[1]) !== 0);
      expect(filled.map(({ metric }) => [name, labelsOf(metric)])).toEqual([[name, labels]]);
      // Those at 0 have the same labels: `rate()` needs a first value.
      for (const { metric } of series) expect([name, labelsOf(metric)]).toEqual([name, labels]);
      expect([name, Number(filled[0]?.value[1])]).toEqual([name, sum]);
    }
    const [p50] = await query('histogram_quantile(0.5, recovery_duration_seconds_bucket) > 0');
    expect(Number(p50?.value[1])).toBeGreaterThan(30);
    expect(Number(p50?.value[1])).toBeLessThanOrEqual(60);
    const [sdk] = await query('temporal_request_total');
    expect(sdk).toMatchObject({ metric: { role: 'worker' }, value: [expect.anything(), '7'] });
    const up = await query('up');
    expect(up.map(({ value }) => value[1])).toEqual(['1']);
  }, 120_000);
});

/** Labels but those that every metric has: `role` is the server's, the others Prometheus' own. */
function labelsOf(metric: Readonly<Record<string, string>>): string[] {
  const common = new Set(['__name__', 'instance', 'job', 'role']);
  return Object.keys(metric)
    .filter((label) => !common.has(label))
    .sort();
}
