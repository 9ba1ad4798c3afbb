import { Histogram, MetricPage } from '../base/exposition.js';
import { backendName, type Backend } from './backend.js';
import type { GatewayServer, ServerCounters } from './gateway-server.js';

/** Dense between 50 ms and 1 s, where targets for interactive completions lie; seconds. */
const durationBounds = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225, 0.25, 0.275, 0.3, 0.35, 0.4, 0.45,
  0.5, 0.6, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60,
];

/** Server label of requests that no server ever got, HAProxy's word for it. */
export const noServer = '<NOSRV>';

/** Tenants with counters of their own; labels come from a closed set, later ones are "other". */
const maxTenants = 16;

const responseClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'];

interface TenantCounters {
  requests: number;
  bytes: number;
}

/** The gateway's counters beyond those of its servers, and its page. */
export class GatewayMetrics {
  private readonly durations = new Map<string, Histogram>();
  private readonly tenants = new Map<string, TenantCounters>();
  private readonly backendResponses = [0, 0, 0, 0, 0, 0];
  private requests = 0;

  /** Counts an arriving request; `bytes` of its body. */
  recordArrival(tenant: string, bytes: number): void {
    this.requests += 1;
    const known = this.tenants.has(tenant) || this.tenants.size < maxTenants;
    const label = known && tenant !== '' ? tenant : 'other';
    const counters = this.tenants.get(label) ?? { requests: 0, bytes: 0 };
    counters.requests += 1;
    counters.bytes += bytes;
    this.tenants.set(label, counters);
  }

  /** Counts an answer, the gateway's own included; the time is that which the client waited. */
  recordAnswer(server: string, status: number, durationMs: number): void {
    const index = Math.floor(status / 100);
    this.backendResponses[index] = (this.backendResponses[index] ?? 0) + 1;
    let histogram = this.durations.get(server);
    if (histogram === undefined) {
      histogram = new Histogram(durationBounds);
      this.durations.set(server, histogram);
    }
    histogram.observe(durationMs / 1000);
  }

  /** Requests that arrived since the start. */
  total(): number {
    return this.requests;
  }

  /** The whole page. */
  page(backend: Backend, queued: number, startedAtMs: number): string {
    const page = new MetricPage();
    page
      .family('haproxy_process_start_time_seconds', 'gauge', 'Start time in seconds')
      .sample('haproxy_process_start_time_seconds', {}, Math.floor(startedAtMs / 1000));
    this.renderServers(page, backend);
    this.renderBackend(page, backend, queued);
    this.renderOwn(page);
    return page.text();
  }

  private renderServers(page: MetricPage, backend: Backend): void {
    const servers = backend.servers();
    const each = (
      name: string,
      type: 'gauge' | 'counter',
      help: string,
      valueOf: (server: GatewayServer) => number,
    ): void => {
      page.family(`haproxy_server_${name}`, type, help);
      for (const server of servers) {
        const labels = { proxy: backendName, server: server.name };
        page.sample(`haproxy_server_${name}`, labels, valueOf(server));
      }
    };
    page.family('haproxy_server_status', 'gauge', 'Current status of the service, per state.');
    for (const server of servers) {
      const word = statusLabel(server);
      for (const state of ['DOWN', 'UP', 'MAINT', 'DRAIN', 'NOLB']) {
        const labels = { proxy: backendName, server: server.name, state };
        page.sample('haproxy_server_status', labels, state === word ? 1 : 0);
      }
    }
    page.family('haproxy_server_http_responses_total', 'counter', 'Total number of HTTP responses');
    for (const server of servers) {
      responseClasses.forEach((code, index) => {
        const labels = { proxy: backendName, server: server.name, code };
        const count = server.counters.responses[index + 1] ?? 0;
        page.sample('haproxy_server_http_responses_total', labels, count);
      });
    }
    each('weight', 'gauge', "Server's effective weight", (server) =>
      backend.effectiveWeight(server),
    );
    each('uweight', 'gauge', "Server's user weight", (server) => server.weight);
    each('current_sessions', 'gauge', 'Number of current sessions', (server) => server.sessions);
    each('limit_sessions', 'gauge', 'Configured limit of sessions', (server) =>
      server.maxConnections === 0 ? NaN : server.maxConnections,
    );
    const counter = (server: GatewayServer): ServerCounters => server.counters;
    each('sessions_total', 'counter', 'Total number of sessions', (s) => counter(s).sessions);
    each(
      'connection_errors_total',
      'counter',
      'Total number of failed connections',
      (s) => counter(s).connectErrors,
    );
    each('retry_warnings_total', 'counter', 'Total number of retries', (s) => counter(s).retries);
    each(
      'check_failures_total',
      'counter',
      'Total number of failed health checks',
      (s) => counter(s).failedChecks,
    );
    each(
      'check_up_down_total',
      'counter',
      'Total number of UP to DOWN transitions',
      (s) => counter(s).downs,
    );
    each(
      'downtime_seconds_total',
      'counter',
      'Total time spent in DOWN state',
      (s) => counter(s).downtimeMs / 1000,
    );
    each(
      'server_aborts_total',
      'counter',
      'Total number of requests aborted by the server',
      (s) => counter(s).serverAborts,
    );
    each(
      'client_aborts_total',
      'counter',
      'Total number of requests aborted by the client',
      (s) => counter(s).clientAborts,
    );
    each(
      'response_time_average_seconds',
      'gauge',
      'Avg. response time for last 1024',
      (s) => counter(s).averageResponseMs / 1000,
    );
    each(
      'queue_time_average_seconds',
      'gauge',
      'Avg. queue time for last 1024',
      (s) => counter(s).averageQueueMs / 1000,
    );
  }

  private renderBackend(page: MetricPage, backend: Backend, queued: number): void {
    const labels = { proxy: backendName };
    const active = backend.servers().filter((server) => backend.effectiveWeight(server) > 0);
    page
      .family('haproxy_backend_http_requests_total', 'counter', 'Total number of HTTP requests')
      .sample('haproxy_backend_http_requests_total', labels, this.requests)
      .family('haproxy_backend_current_queue', 'gauge', 'Number of current queued connections')
      .sample('haproxy_backend_current_queue', labels, queued)
      .family('haproxy_backend_active_servers', 'gauge', 'Number of active UP servers')
      .sample('haproxy_backend_active_servers', labels, active.length)
      .family('haproxy_backend_http_responses_total', 'counter', 'Total number of HTTP responses');
    responseClasses.forEach((code, index) => {
      const count = this.backendResponses[index + 1] ?? 0;
      page.sample('haproxy_backend_http_responses_total', { ...labels, code }, count);
    });
  }

  private renderOwn(page: MetricPage): void {
    const name = 'gateway_request_duration_seconds';
    page.family(name, 'histogram', 'Time from request to answer, queueing included.');
    for (const [server, histogram] of this.durations) {
      histogram.render(page, name, { backend: backendName, server });
    }
    page.family('gateway_tenant_requests_total', 'counter', 'Requests by tenant.');
    for (const [tenant, { requests }] of this.tenants) {
      page.sample('gateway_tenant_requests_total', { tenant }, requests);
    }
    page.family('gateway_tenant_request_bytes_total', 'counter', 'Body bytes by tenant.');
    for (const [tenant, { bytes }] of this.tenants) {
      page.sample('gateway_tenant_request_bytes_total', { tenant }, bytes);
    }
  }
}

function statusLabel(server: GatewayServer): string {
  if (server.admin === 'maint') return 'MAINT';
  if (!server.isUp) return 'DOWN';
  return server.admin === 'drain' ? 'DRAIN' : 'UP';
}
