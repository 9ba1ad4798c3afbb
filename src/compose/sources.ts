import { prometheusText } from '../adapters/sources/prometheus-text.js';
import { SeriesTable } from '../adapters/sources/series-table.js';
import type { Source } from '../adapters/sources/source.js';
import type { Config } from '../config/schema.js';

/** Real engines stay under 1 MB; a body above it is refused while it streams. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * The sources of a configuration: the scrapes of each replica's metrics and of what its service lists
 * beside, and those of `sources`.
 */
export function createSources(config: Config): readonly Source[] {
  const table = new SeriesTable();
  const targets = config.services.flatMap((service) => {
    const replicaByServer = Object.fromEntries(
      service.replicas.flatMap(({ name, server }) =>
        server === undefined ? [] : [[server, name]],
      ),
    );
    const match =
      service.loadBalancer === undefined ? {} : { backend: service.loadBalancer.backend };
    const shared = { service: service.name, headers: {}, match, replicaByServer };
    return [
      ...service.replicas.map(({ name, url, metrics }) => ({
        ...shared,
        url: metrics ?? new URL('/metrics', url).href,
        replica: name,
        role: undefined,
        bearerToken: undefined,
      })),
      ...service.metrics.map(({ url, replica, role, bearerToken }) => ({
        ...shared,
        ...{ url, replica, role, bearerToken },
      })),
    ];
  });
  const { scrapeInterval: period, scrapeTimeout: timeout } = config.detector;
  const listed = config.sources.map(({ create }) => create({ table }));
  if (targets.length === 0) return listed;
  return [
    prometheusText.create({ period, timeout, bodyLimit: BODY_LIMIT_BYTES, targets }, { table }),
    ...listed,
  ];
}
