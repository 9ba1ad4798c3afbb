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
import {
  expectNineMetrics,
  NINE,
  ownLabels,
  valueName,
  type NineName,
} from '../support/nine-metrics.js';
import { PrometheusProcess } from '../support/prometheus.js';
import { FORCED_COMPLAINT, promtoolLint } from '../support/promtool.js';

/** What a scrape must give for what is recorded below: by name, the labels with their values, and the value. */
const FILLED = {
  sla_violations_total: [{ severity: 'major', type: 'latency_breach' }, 1],
  sla_compliance_rate: [{}, 99.5],
  sla_threshold_breaches: [{ metric: 'request_latency_p95' }, 4],
  recovery_executions_total: [{ procedure: 'latency_spike', status: 'recovered' }, 1],
  recovery_duration_seconds: [{ procedure: 'latency_spike' }, 42],
  circuit_breaker_state: [
    { service: 'chat', replica: 'engine-2', kind: 'aphrodite_engine' },
    BREAKER_STATES.open,
  ],
  rca_analyses_total: [{}, 1],
  rca_duration_seconds: [{}, 0.3],
  rca_correlations_found: [{}, 3],
} as const satisfies Record<NineName, [object, number]>;

const SDK = `# HELP temporal_request_total Count of client request successes by rpc name
# TYPE temporal_request_total counter
temporal_request_total{namespace="default"} 7
`;

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
  it('is the nine metrics, by name, type, label and value, that promtool takes as well, and Temporal’s own', async () => {
    const url = await served();
    const job = { job_name: 'paramedic', scrape_interval: '1s' };
    const prometheus = await PrometheusProcess.start(program, {
      scrape_configs: [{ ...job, static_configs: [{ targets: [new URL(url).host] }] }],
    });
    onTestFinished(() => prometheus.stop());
    const query = (text: string) => prometheus.instant(text);
    const within = { timeout: 60_000, interval: 250 };
    await vi.waitFor(async () => {
      expect(await query('rca_analyses_total')).toHaveLength(1);
      expect(await query('sla_compliance_rate')).toHaveLength(1);
    }, within);
    await expectNineMetrics(prometheus);
    for (const name of Object.keys(NINE) as NineName[]) {
      const [labels, value] = FILLED[name];
      const series = await query(valueName(name));
      const filled = series.filter((one) => Number(one.value[1]) !== 0);
      expect([name, filled.map((one) => [ownLabels(one), Number(one.value[1])])]).toEqual([
        name,
        [[labels, value]],
      ]);
    }
    const [p50] = await query('histogram_quantile(0.5, recovery_duration_seconds_bucket) > 0');
    expect(Number(p50?.value[1])).toBeGreaterThan(30);
    expect(Number(p50?.value[1])).toBeLessThanOrEqual(60);
    const [sdk] = await query('temporal_request_total');
    expect(sdk).toMatchObject({ metric: { role: 'worker' }, value: [expect.anything(), '7'] });
    const page = await fetch(`${url}/metrics`);
    expect(promtoolLint(await page.text())).toEqual([FORCED_COMPLAINT]);
    const up = await query('up');
    expect(up.map(({ value }) => value[1])).toEqual(['1']);
  }, 120_000);
});
