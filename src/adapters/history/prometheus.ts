import { z } from 'zod';
import type { HistoryQuery, SeriesPoints } from '../../domain/ports.js';
import { duration } from '../actuators/settings.js';
import { PromqlClient, type PromqlSeries } from '../sources/promql-client.js';
import { promqlHeaders, promqlServer, sliQuery } from '../sources/promql.js';
import type { HistoryKind } from './history.js';

/** Prometheus refuses more steps than this in one range query. */
const MAX_STEPS = 11_000;

const selector = z.strictObject({
  service: z.string().min(1),
  /** Series selector whose series, under their own names, belong to the service: `{job="engines"}`. */
  selector: z.string().startsWith('{'),
  replicaLabel: z.string().default('replica'),
});

const schema = z.strictObject({
  ...promqlServer.shape,
  timeout: duration.prefault('10s'),
  /** Distance of the samples that are read; Prometheus' own scrape interval is the finest sensible. */
  step: duration.prefault('15s'),
  /** SLIs by query, as for the `promql` source. */
  queries: z.array(sliQuery).default([]),
  /** Raw series, read where a query names no metrics or one that is no SLI. */
  selectors: z.array(selector).default([]),
});

/** A Prometheus-compatible server as the history, instead of the detector's own columns. */
export const prometheusHistory: HistoryKind<typeof schema> = {
  kind: 'prometheus',
  schema,
  create(settings) {
    const { url, timeout, step, queries, selectors } = settings;
    const client = new PromqlClient(url, timeout, promqlHeaders(settings));
    return {
      async range(query: HistoryQuery): Promise<readonly SeriesPoints[]> {
        const { service, replica, metrics, fromMs, toMs } = query;
        const span = { fromMs, toMs, stepMs: stepFor(step, toMs - fromMs) };
        const wanted = queries.filter(
          (given) =>
            given.service === service && (metrics === undefined || metrics.includes(given.metric)),
        );
        const named = new Set(wanted.map(({ metric }) => metric));
        const others = metrics?.filter((metric) => !named.has(metric));
        const answers = await Promise.all([
          ...wanted.map(async ({ query: text, metric, replicaLabel }) => {
            const found = await client.queryRange(text, span);
            return found.map((series) => pointsOf(series, service, replicaLabel, metric));
          }),
          ...selectors
            .filter((given) => given.service === service && others?.length !== 0)
            .map(async (given) => {
              const found = await client.queryRange(narrowed(given.selector, others), span);
              return found.map((series) => pointsOf(series, service, given.replicaLabel));
            }),
        ]);
        return answers
          .flat()
          .filter(
            (series) =>
              series.timesMs.length > 0 && (replica === undefined || series.replica === replica),
          );
      },
      close: () => client.close(),
    };
  },
};

/** The configured step, or the finest multiple of a second that the server takes. */
function stepFor(stepMs: number, spanMs: number): number {
  const least = Math.ceil(spanMs / (MAX_STEPS - 1) / 1000) * 1000;
  return Math.max(stepMs, least);
}

function narrowed(given: string, metrics: readonly string[] | undefined): string {
  if (metrics === undefined) return given;
  const names = metrics.map((metric) => metric.replace(/[^\w:]/g, '.')).join('|');
  const rest = given.slice(1).trim();
  return `{__name__=~"${names}"${rest === '}' ? '' : ','}${rest}`;
}

function pointsOf(
  { labels, timesMs, values }: PromqlSeries,
  service: string,
  replicaLabel: string,
  metric?: string,
): SeriesPoints {
  const replica = labels[replicaLabel];
  return { service, replica, metric: metric ?? nameOf(labels, replicaLabel), timesMs, values };
}

/** Name of a raw series, with the labels that tell it from its siblings. */
function nameOf(labels: Readonly<Record<string, string>>, replicaLabel: string): string {
  const ignored = new Set(['__name__', 'instance', 'job', replicaLabel]);
  const rest = Object.entries(labels)
    .filter(([label]) => !ignored.has(label))
    .map(([label, value]) => `${label}=${value}`)
    .sort();
  const name = labels['__name__'] ?? '';
  return rest.length === 0 ? name : `${name}{${rest.join(';')}}`;
}
