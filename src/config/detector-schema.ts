import { z } from 'zod';
import { duration, durationOrZero } from './duration.js';
import { host, port } from './listen-address.js';

/** The detector's own settings; `host` and `port` are shared with the other roles' schema. */
export const detectorSettings = {
  /** Several detectors share the services: where each listens. `host` and `port` do not count then. */
  shards: z
    .array(z.strictObject({ host, port }))
    .min(2, 'expected at least two detectors; leave it out for one')
    .max(100)
    .optional(),
  /** By how many of them each service is watched: with 2, the loss of one leaves none unwatched. */
  copies: z.int().min(1).default(1),
  scrapeInterval: duration.prefault('5s'),
  scrapeTimeout: duration.prefault('3s'),
  maxConcurrentScrapes: z.int().min(1).default(64),
  /** Requests of so long a time make one quantile. */
  sliWindow: duration.prefault('30s'),
  /** A window with too few requests grows up to this. */
  longestSliWindow: duration.prefault('60s'),
  /** Fewer requests than this give no quantile: a gap. */
  minRequestsForQuantile: z.int().min(1).default(5),
  /** An engine with requests in flight and no token for so long is hung. */
  stallAfter: duration.prefault('15s'),
  /** A sample this late is still put into its place. */
  lateness: durationOrZero.prefault('3s'),
  retention: duration.prefault('65m'),
  /** Memory for samples; a new series beyond it is refused and counted. */
  maxSampleMebibytes: z.int().min(1).default(256),
  snapshotEvery: duration.prefault('30s'),
};

/** What of the detector's settings says who watches what. */
interface Sharded {
  readonly shards?: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly copies: number;
}

/** Finds more copies than there are detectors, and addresses that are given to two of them. */
export function checkShards({ shards = [], copies }: Sharded, context: z.RefinementCtx): void {
  const issue = (path: readonly (string | number)[], message: string) => {
    context.addIssue({ code: 'custom', path: [...path], message });
  };
  if (copies > Math.max(1, shards.length)) {
    const there = shards.length === 0 ? 'one detector' : `${shards.length} detectors`;
    issue(['copies'], `expected no more than there are: ${there}, listed under shards`);
  }
  const addresses = shards.map((one) => `${one.host}:${one.port}`);
  addresses.forEach((address, index) => {
    if (addresses.indexOf(address) === index) return;
    issue(['shards', index], `duplicate address "${address}"`);
  });
}

/** What comes in by push: reports of engines and alerts of Alertmanager. */
export const pushSchema = z.strictObject({
  /** A report that is neither repeated nor resolved for so long is over. */
  incidentTtl: duration.prefault('15m'),
  /** The same for an alert: three times Alertmanager's usual `repeat_interval` of 4 h. */
  alertTtl: duration.prefault('12h'),
});
