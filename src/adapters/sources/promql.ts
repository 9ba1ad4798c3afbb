import { z } from 'zod';
import type { SliSample } from '../../domain/sla/samples.js';
import { PromqlClient } from './promql-client.js';
import type { Poller, SourceKind } from './source.js';
import { headersOf, httpTarget, pollSettings } from './target-settings.js';

/** An SLI as a PromQL expression. */
export const sliQuery = z.strictObject({
  metric: z.string().min(1),
  service: z.string().min(1),
  /** In the SLI's unit; one series per replica, or one for the service. */
  query: z.string().min(1),
  /** The label that names the replica; a series without it is the service's. */
  replicaLabel: z.string().default('replica'),
  /** Requests per second behind each value, with the same labels; for thresholds gated by demand. */
  demandQuery: z.string().optional(),
});
type SliQuery = z.output<typeof sliQuery>;

/** A Prometheus-compatible server. */
export const promqlServer = httpTarget.pick({ url: true, headers: true, bearerToken: true });

const schema = z.strictObject({
  ...pollSettings,
  ...promqlServer.shape,
  queries: z.array(sliQuery),
});

/** The headers of requests to a server. */
export function promqlHeaders(server: z.output<typeof promqlServer>): ReturnType<typeof headersOf> {
  const rest = { service: '', match: {}, replicaByServer: {} };
  return headersOf({ ...rest, ...server }, 'application/json');
}

/** SLIs from instant queries against a Prometheus-compatible server, each query a target of its own. */
export const promql: SourceKind<typeof schema> = {
  kind: 'promql',
  schema,
  create({ period: periodMs, timeout: timeoutMs, queries, ...server }) {
    const client = new PromqlClient(server.url, timeoutMs, promqlHeaders(server));
    const url = new URL(server.url);
    const shown = `${url.origin}${url.pathname}`;
    const pollers = queries.map((given): Poller => ({
      kind: 'samples',
      target: {
        id: `promql ${given.service}/${given.metric} ${shown} ${given.query}`,
        service: given.service,
        replica: undefined,
        role: 'exporter',
        url: shown,
        periodMs,
        timeoutMs,
        match: {},
        replicaByServer: {},
      },
      async poll() {
        const samples = await askSamples(client, given);
        return { kind: 'samples', samples, bytes: 0 };
      },
    }));
    return { pollers, close: () => client.close() };
  },
};

async function askSamples(client: PromqlClient, given: SliQuery): Promise<SliSample[]> {
  const { metric, service, query, replicaLabel, demandQuery } = given;
  const [values, demands] = await Promise.all([
    client.query(query),
    demandQuery === undefined ? [] : client.query(demandQuery),
  ]);
  const demandOf = new Map(demands.map(({ labels, values: v }) => [labels[replicaLabel], v[0]]));
  return values.flatMap(({ labels, timesMs, values: [value] }) => {
    const atMs = timesMs[0];
    const replica = labels[replicaLabel];
    if (atMs === undefined || value === undefined) return [];
    return [{ metric, service, replica, atMs, value, demandPerSecond: demandOf.get(replica) }];
  });
}
