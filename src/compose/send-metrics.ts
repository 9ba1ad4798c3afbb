import { request } from 'undici';
import type { Archive } from '../domain/archive.js';
import { seedTelemetry, type Telemetry } from '../telemetry.js';

/** Below a usual scrape's period, so that what is scraped is fresh. */
const EVERY_MS = 5_000;
const TIMEOUT_MS = 4_000;
/** They are in this very process. */
const SDK_WITHIN_MS = 1_000;

/**
 * Sends the worker's metrics to the server, which exports them beside its own: a worker has no port to
 * be scraped at. Counters go on at the archive's totals, which is asked until it answers; nothing is
 * sent before, since a counter that jumps counts in full. Returns what stops it.
 */
export function sendMetrics(parts: {
  readonly telemetry: Telemetry;
  readonly archive: Pick<Archive, 'statistics'>;
  readonly serverUrl: string;
  /** Where Temporal's SDK exports its own: their names differ (`temporal_…`), so they simply follow. */
  readonly sdkMetricsUrl?: string | undefined;
  /** The roles' own, where there is one; a secret. */
  readonly token: string | undefined;
  /** Tells this worker apart from others; letters, digits, `_`, `.`, `-`. */
  readonly name: string;
  readonly onFailed: (error: unknown) => void;
}): () => void {
  const { telemetry, archive, serverUrl, sdkMetricsUrl, token, name, onFailed } = parts;
  const url = new URL(`/internal/metrics/${encodeURIComponent(name)}`, serverUrl);
  let isSeeded = false;
  let isBusy = false;
  const send = async () => {
    if (!isSeeded) {
      seedTelemetry(telemetry, await archive.statistics(0), ['recovery', 'rca']);
      isSeeded = true;
    }
    const { statusCode, body } = await request(url, {
      method: 'PUT',
      body: `${telemetry.expose()}${await sdkMetrics(sdkMetricsUrl)}`,
      headers: {
        'content-type': 'text/plain; version=0.0.4',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    await body.dump();
    if (statusCode >= 300) throw new Error(`the server answered ${statusCode} to metrics`);
  };
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    send()
      .catch(onFailed)
      .finally(() => (isBusy = false));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Empty when they can't be had: its own metrics are worth sending without the SDK's. */
async function sdkMetrics(url: string | undefined): Promise<string> {
  if (url === undefined) return '';
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(SDK_WITHIN_MS) });
    return reply.ok ? await reply.text() : '';
  } catch {
    return '';
  }
}
