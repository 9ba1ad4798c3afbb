import { Hono } from 'hono';
import type { ExternalAlert } from '../adapters/sources/alertmanager.js';
import { acceptMeasurements } from '../adapters/sources/push.js';
import { incidentIdOf } from '../workflows/messages.js';
import { takeAlerts, type AlertResult } from './alerts.js';
import type { Detector } from './detector.js';
import { elsewhere } from './elsewhere.js';
import { takeExternalIncident } from './external-incidents.js';

/** What the push API needs beside the detector. */
export interface PushApiParts {
  readonly detector: Detector;
  /** The configured services with their replicas. */
  readonly services: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether this detector watches that service; what is about another is refused. */
  readonly isOwn: (service: string) => boolean;
  readonly incidentTtlMs: number;
  readonly alertTtlMs: number;
  readonly now: () => number;
  readonly onMeasurements: (accepted: number, rejected: number) => void;
  readonly onAlert: (result: AlertResult, alert: ExternalAlert | undefined) => void;
  /** Alerts that Alertmanager left out of a body. */
  readonly onTruncated: (alerts: number) => void;
}

/**
 * What others tell the detector: measurements, incidents of engines, alerts. Bodies are JSON. A
 * mistake is 400 with `message`; what could not be made durable is 503: it is to be sent again.
 */
export function createPushApi(parts: PushApiParts): Hono {
  const { detector, services, now } = parts;
  const names = new Set(services.keys());
  const [only] = names;
  const app = new Hono();

  app.post('/measurements', async (context) => {
    const read = acceptMeasurements(await json(context.req.raw), {
      defaultService: names.size === 1 ? only : undefined,
      services: names,
      nowMs: now(),
    });
    if (read.status === 'malformed') return context.json({ message: read.message }, 400);
    const rejected = [...read.rejected];
    // `samples` holds the items that were not rejected, in their order.
    const refused = new Set(read.rejected.map(({ index }) => index));
    let index = -1;
    let accepted = 0;
    for (const sample of read.samples) {
      do index += 1;
      while (refused.has(index));
      if (!parts.isOwn(sample.service)) {
        rejected.push({ index, message: elsewhere(sample.service) });
        continue;
      }
      const why = detector.push(sample);
      if (why === undefined) accepted += 1;
      else rejected.push({ index, message: REJECTED[why] });
    }
    rejected.sort((a, b) => a.index - b.index);
    parts.onMeasurements(accepted, rejected.length);
    return context.json({ accepted, rejected });
  });

  app.post('/incidents', async (context) => {
    const answer = await takeExternalIncident(await json(context.req.raw), {
      reports: detector.reports,
      thresholds: detector.thresholds.current,
      ...{ services: names, isOwn: parts.isOwn },
      ttlMs: parts.incidentTtlMs,
      nowMs: now(),
    });
    if (answer.status === 'refused') return context.json({ message: answer.message }, 400);
    const { status, fingerprint } = answer;
    const incident = fingerprint === undefined ? null : incidentIdOf(fingerprint);
    return context.json({ status, incident }, 202);
  });

  app.post('/alertmanager', async (context) => {
    const answer = await takeAlerts(await json(context.req.raw), {
      reports: detector.reports,
      thresholds: detector.thresholds.current,
      ...{ services: names, isOwn: parts.isOwn },
      replicas: (service) => replicasOf(service, parts),
      ttlMs: parts.alertTtlMs,
      nowMs: now(),
      onResult: parts.onAlert,
    });
    if (answer.status === 'malformed') return context.json({ message: answer.message }, 400);
    if (answer.truncated > 0) parts.onTruncated(answer.truncated);
    return context.json({ results: answer.results, truncated: answer.truncated });
  });

  return app;
}

const REJECTED = {
  nonFinite: 'value: expected a finite number',
  implausible: 'value: impossible in the unit of its thresholds',
  future: 'time: too far ahead of this clock',
  late: 'time: its place in time was evaluated already',
  duplicate: 'time: a sample of that instant is there already',
} as const;

/** The configured ones, and those that samples tell of: a fleet may have been scaled. */
function replicasOf(service: string, { services, detector }: PushApiParts): ReadonlySet<string> {
  const found = new Set(services.get(service));
  for (const series of detector.store.series()) {
    if (series.service === service && series.replica !== undefined) found.add(series.replica);
  }
  return found;
}

/** The body, or undefined where it is no JSON: the readers then say what they expected. */
async function json(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
