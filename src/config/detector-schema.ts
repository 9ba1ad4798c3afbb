import { z } from 'zod';
import { duration, durationOrZero } from './duration.js';

/** The detector's own settings; `host` and `port` are shared with the other roles' schema. */
export const detectorSettings = {
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

/** What comes in by push: reports of engines and alerts of Alertmanager. */
export const pushSchema = z.strictObject({
  /** A report that is neither repeated nor resolved for so long is over. */
  incidentTtl: duration.prefault('15m'),
  /** The same for an alert: three times Alertmanager's usual `repeat_interval` of 4 h. */
  alertTtl: duration.prefault('12h'),
});
