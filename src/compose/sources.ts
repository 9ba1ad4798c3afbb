import { prometheusText } from '../adapters/sources/prometheus-text.js';
import { SeriesTable } from '../adapters/sources/series-table.js';
import type { Source } from '../adapters/sources/source.js';
import type { Config } from '../config/schema.js';

/** Real engines stay under 1 MB; a body above it is refused while it streams. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** The scrape targets of a configuration: each replica's metrics, and what its service lists beside. */
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
  if (targets.length === 0) return [];
  return [
    prometheusText.create({ period, timeout, bodyLimit: BODY_LIMIT_BYTES, targets }, { table }),
  ];
}
