import type { SlaSummary } from '../domain/sla/summary.js';
import { limitOf, type Threshold } from '../domain/sla/threshold.js';
import type { DetectorClient, DetectorStatus } from './detector-client.js';
import { operation, type Operation } from './operation.js';
import { budgetJson, forecastJson, NO_OUTLOOK, readOutlook, type Outlook } from './outlook.js';
import { Problem } from './problem.js';
import { iso } from './shapes.js';
import { slaShape } from './sla-shape.js';

const HOUR_MS = 3_600_000;
const BUCKET_MS = 300_000;
const BUCKETS = 288;
const HOURS = 24;

/** As the detector's `GET /internal/recent-slis` gives it. */
interface RecentSli {
  readonly service: string;
  readonly threshold: string;
  readonly replica?: string;
  readonly value: number;
  readonly atMs: number;
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
  readonly worsePercent?: number;
}

/** `GET /v1/sla`: the state of the SLAs as dashboards show it. */
export function slaRoutes(parts: {
  readonly detector: DetectorClient;
  readonly nowMs: () => number;
}): Operation[] {
  const { detector, nowMs } = parts;
  return [
    operation({
      id: 'getSla',
      method: 'get',
      path: '/v1/sla',
      tag: 'monitoring',
      summary: 'Compliance, every threshold’s last hour, breaches and violations of the last day',
      role: 'viewer',
      answer: slaShape,
      async handle() {
        const status = await detector.status();
        if (status === undefined) {
          const why = 'the detector does not answer: see its log, or restart it';
          throw new Problem(503, 'No answer', why);
        }
        const answer = await detector.forward('GET', '/internal/recent-slis', undefined);
        const { recent = [] } = answer.body as { recent?: readonly RecentSli[] };
        return { body: slaJson(status, recent, nowMs(), await readOutlook(detector)) };
      },
    }),
  ];
}

/**
 * Compliance and open violations; per threshold and service its value, limit, compliance over the last
 * hour and the hour's course; breaches per 5 minutes and violations per hour over the last day.
 */
export function slaJson(
  status: DetectorStatus,
  recent: readonly RecentSli[],
  nowMs: number,
  outlook: Outlook = NO_OUTLOOK,
) {
  const { summary, thresholds, coverage } = status;
  const { lastDay } = summary;
  return {
    at: iso(nowMs),
    compliancePercent: summary.compliancePercent,
    active: summary.active.map(({ startedAtMs, detectedAtMs, windowMs, replica, ...rest }) => ({
      ...rest,
      replica: replica ?? null,
      windowSeconds: windowMs / 1000,
      startedAt: iso(startedAtMs),
      detectedAt: iso(detectedAtMs),
    })),
    last24h: { total: lastDay.total, bySeverity: lastDay.bySeverity, byType: lastDay.byType },
    thresholds: thresholds
      .filter(({ enabled }) => enabled)
      .flatMap((threshold) => {
        const services = new Set(
          [...recent, ...coverage]
            .filter((one) => one.threshold === threshold.name)
            .map(({ service }) => service),
        );
        return [...services].map((service) =>
          thresholdJson(threshold, service, status, recent, nowMs, outlook),
        );
      }),
    heatMap: heatMapJson(summary.heatMap, nowMs),
    trend: trendJson(lastDay.openedAtMs, nowMs),
  };
}

function thresholdJson(
  threshold: Threshold,
  service: string,
  { summary, coverage }: DetectorStatus,
  recent: readonly RecentSli[],
  nowMs: number,
  outlook: Outlook,
) {
  const isThis = (one: { readonly threshold: string; readonly service: string }) =>
    one.threshold === threshold.name && one.service === service;
  const sli = recent.find(isThis);
  const cover = coverage.find(isThis);
  const row = summary.heatMap.find(isThis);
  return {
    name: threshold.name,
    metric: threshold.metric,
    service,
    /** Whose value it is: null for the service's own, else the worst replica's. */
    replica: sli?.replica ?? null,
    unit: threshold.unit,
    direction: threshold.direction,
    target: threshold.target,
    limit: limitOf(threshold),
    windowSeconds: threshold.windowMs / 1000,
    value: sli?.value ?? null,
    valueAt: sli === undefined ? null : iso(sli.atMs),
    /** Of the last hour; null without a sample. */
    compliancePercent: complianceOf(row?.buckets ?? [], nowMs - HOUR_MS),
    /** How measurable it is, in words. */
    coverage: cover === undefined ? null : { status: cover.status, text: cover.text },
    /** Last 15 minutes against what came before; positive is worse. */
    worsePercent: sli?.worsePercent ?? null,
    recent:
      sli === undefined
        ? null
        : {
            from: iso(sli.startMs),
            stepSeconds: sli.stepMs / 1000,
            values: sli.values,
          },
    budget: budgetJson(outlook, { threshold: threshold.name, service }),
    forecast: forecastJson(outlook, { threshold: threshold.name, service }),
  };
}

function complianceOf(
  buckets: SlaSummary['heatMap'][number]['buckets'],
  afterMs: number,
): number | null {
  const those = buckets.filter(({ startMs }) => startMs > afterMs);
  const samples = those.reduce((sum, b) => sum + b.samples, 0);
  const breaches = those.reduce((sum, b) => sum + b.breaches, 0);
  return samples === 0 ? null : (100 * (samples - breaches)) / samples;
}

/** Share of breaching samples per bucket, 0..1, oldest first; null without samples. */
function heatMapJson(rows: SlaSummary['heatMap'], nowMs: number) {
  const fromMs = (Math.floor(nowMs / BUCKET_MS) - BUCKETS + 1) * BUCKET_MS;
  return {
    from: iso(fromMs),
    bucketSeconds: BUCKET_MS / 1000,
    rows: rows.map(({ service, threshold, metric, buckets }) => {
      const cells: (number | null)[] = Array.from({ length: BUCKETS }, () => null);
      for (const { startMs, samples, breaches } of buckets) {
        const index = Math.round((startMs - fromMs) / BUCKET_MS);
        if (index in cells && samples > 0) cells[index] = breaches / samples;
      }
      return { service, threshold, metric, cells };
    }),
  };
}

/** Violations opened per hour of the clock, oldest first, the running hour last. */
function trendJson(openedAtMs: readonly number[], nowMs: number) {
  const firstHour = Math.floor(nowMs / HOUR_MS) - HOURS + 1;
  return Array.from({ length: HOURS }, (_, i) => {
    const startMs = (firstHour + i) * HOUR_MS;
    return {
      at: iso(startMs),
      count: openedAtMs.filter((atMs) => atMs >= startMs && atMs < startMs + HOUR_MS).length,
    };
  });
}
