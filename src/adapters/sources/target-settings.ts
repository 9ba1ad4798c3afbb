import { z } from 'zod';
import { duration, readSecret, secretReference } from '../actuators/settings.js';
import type { SourceTarget } from './source.js';

const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'expected a URL like "http://127.0.0.1:8000/metrics"',
});

/** What every polled HTTP target is configured with. */
export const httpTarget = z.strictObject({
  url: httpUrl,
  service: z.string().min(1),
  replica: z.string().min(1).optional(),
  /** `engine` with a replica, `gateway` without one, unless given. */
  role: z.enum(['engine', 'gateway', 'exporter']).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  bearerToken: secretReference.optional(),
  /** Label values that its series must have where they have the label, e.g. `{ backend: chat }`. */
  match: z.record(z.string(), z.string()).default({}),
  /** Replica by its name in `server` labels, where that differs. */
  replicaByServer: z.record(z.string(), z.string()).default({}),
});
export type HttpTarget = z.output<typeof httpTarget>;

/** How often and how long the targets of a source are asked. */
export const pollSettings = {
  period: duration.prefault('5s'),
  /** From the request to the last byte of the answer. */
  timeout: duration.prefault('3s'),
};

/** The target that settings describe; its id is unique per kind, service, replica and URL. */
export function targetOf(
  kind: string,
  given: HttpTarget,
  times: { periodMs: number; timeoutMs: number },
): SourceTarget {
  const url = new URL(given.url);
  const shown = `${url.origin}${url.pathname}`;
  return {
    id: `${kind} ${given.service}/${given.replica ?? '*'} ${shown}`,
    service: given.service,
    replica: given.replica,
    role: given.role ?? (given.replica === undefined ? 'gateway' : 'engine'),
    url: shown,
    match: given.match,
    replicaByServer: given.replicaByServer,
    ...times,
  };
}

/** A rotated token is picked up within this time; reading the file for each scrape costs more than the scrape. */
const TOKEN_AGE_MS = 10_000;

/** The headers of a target's requests, its token among them. @throws AdapterError `unauthorized` without the token. */
export function headersOf(
  given: HttpTarget,
  accept: string,
): () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>> {
  const plain: Record<string, string> = { accept, 'user-agent': 'paramedic' };
  for (const [name, value] of Object.entries(given.headers)) plain[name.toLowerCase()] = value;
  const url = new URL(given.url);
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    plain['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const { bearerToken } = given;
  if (bearerToken === undefined) return () => plain;
  let cached = plain;
  let readAtMs = -Infinity;
  return async () => {
    if (performance.now() - readAtMs > TOKEN_AGE_MS) {
      cached = { ...plain, authorization: `Bearer ${await readSecret(bearerToken)}` };
      readAtMs = performance.now();
    }
    return cached;
  };
}

/** How many of the targets share each origin. */
export function connectionsByOrigin(
  targets: readonly { url: string }[],
): (origin: string) => number {
  const counts = new Map<string, number>();
  for (const { url } of targets) {
    const { origin } = new URL(url);
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }
  return (origin) => counts.get(origin) ?? 1;
}
