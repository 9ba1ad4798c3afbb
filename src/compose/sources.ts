import { prometheusText } from '../adapters/sources/prometheus-text.js';
import { SeriesTable } from '../adapters/sources/series-table.js';
import type { Source } from '../adapters/sources/source.js';
import type { Config, ServiceConfig } from '../config/schema.js';
import type { ReplicaProcess } from '../domain/ports.js';

/** Real engines stay under 1 MB; a body above it is refused while it streams. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** What a configuration has measured, and how to measure what it can not list. */
export interface ConfiguredSources {
  /** The scrapes of each replica's metrics and of what its service lists beside, and `sources`. */
  readonly listed: readonly Source[];
  /** The scrape of a replica that a scaling added, as those of its peers. */
  readonly ofScaled: (service: ServiceConfig, replica: ReplicaProcess) => Source;
}

/** Makes the sources of a configuration. */
export function createSources(config: Config): ConfiguredSources {
  const table = new SeriesTable();
  const { scrapeInterval: period, scrapeTimeout: timeout } = config.detector;
  const scrape = (targets: Parameters<typeof prometheusText.create>[0]['targets']) =>
    prometheusText.create({ period, timeout, bodyLimit: BODY_LIMIT_BYTES, targets }, { table });
  const targets = config.services.flatMap((service) => [
    ...service.replicas.map(({ name, url, metrics }) => ({
      ...engineTarget(service, name),
      url: metrics ?? new URL('/metrics', url).href,
    })),
    ...service.metrics.map(({ url, replica, role, bearerToken }) => ({
      ...sharedOf(service),
      ...{ url, replica, role, bearerToken },
    })),
  ]);
  const listed = config.sources.map(({ create }) => create({ table }));
  return {
    listed: targets.length === 0 ? listed : [scrape(targets), ...listed],
    ofScaled: (service, { name, address }) =>
      scrape([{ ...engineTarget(service, name), url: `http://${address}/metrics` }]),
  };
}

/** What all targets of a service share. */
function sharedOf({ name, replicas, loadBalancer }: ServiceConfig) {
  const replicaByServer = Object.fromEntries(
    replicas.flatMap(({ name: replica, server }) =>
      server === undefined ? [] : [[server, replica]],
    ),
  );
  const match = loadBalancer === undefined ? {} : { backend: loadBalancer.backend };
  return { service: name, headers: {}, match, replicaByServer };
}

function engineTarget(service: ServiceConfig, replica: string) {
  return { ...sharedOf(service), replica, role: undefined, bearerToken: undefined };
}
