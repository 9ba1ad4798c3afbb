import { z } from 'zod';
import { ExpositionParser } from './exposition.js';
import { HttpReader } from './http-reader.js';
import type { Poller, SourceKind } from './source.js';
import {
  connectionsByOrigin,
  headersOf,
  httpTarget,
  pollSettings,
  targetOf,
} from './target-settings.js';

// 0.0.4 first: an exporter that offers OpenMetrics sends exemplars with it, which change every time.
const ACCEPT = 'text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.5';

const schema = z.strictObject({
  ...pollSettings,
  /** Bytes; a body above it is refused while it streams. Real engines stay under 1 MB. */
  bodyLimit: z
    .int()
    .min(1024)
    .default(16 * 1024 * 1024),
  targets: z.array(httpTarget),
});

/** Direct scrape of Prometheus text: engines, gateways, GPU and host exporters. */
export const prometheusText: SourceKind<typeof schema> = {
  kind: 'prometheus-text',
  schema,
  create(settings, { table }) {
    const { period: periodMs, timeout: timeoutMs, bodyLimit, targets } = settings;
    const reader = new HttpReader(connectionsByOrigin(targets), timeoutMs);
    const pollers = targets.map((given): Poller => {
      const target = targetOf('prometheus-text', given, { periodMs, timeoutMs });
      const parser = new ExpositionParser(table);
      const headers = headersOf(given, ACCEPT);
      const url = new URL(given.url);
      return {
        target,
        kind: 'exposition',
        async poll() {
          const body = await reader.get({ url, headers: await headers(), timeoutMs, bodyLimit });
          try {
            const exposition = parser.parse(body.buffer, body.length);
            return { kind: 'exposition', exposition, table, bytes: body.length };
          } finally {
            body.release();
          }
        },
      };
    });
    return { pollers, close: () => reader.close() };
  },
};
