import type { Registry } from './registry.js';

/** How a scrape ended. */
const SCRAPE_RESULTS = ['ok', 'error'] as const;

/** Why a scrape failed: the reasons of adapters, and two of a source's own. */
const SCRAPE_ERRORS = [
  'unreachable',
  'timeout',
  'rejected',
  'rate-limited',
  'unauthorized',
  'not-found',
  'malformed',
  'too-large',
] as const;

/** What became of a sample. */
const SAMPLE_RESULTS = ['accepted', 'late', 'duplicate', 'future', 'not-finite', 'absurd'] as const;

/** What a dispatch asked of Temporal, and how that ended. */
const DISPATCH_KINDS = ['start', 'signal'] as const;
const DISPATCH_RESULTS = ['ok', 'error'] as const;

/** A scrape on loopback takes 1 ms; the timeout is some seconds. */
const SCRAPE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One evaluation pass: microseconds for a few series, the budget of a tick for thousands. */
const EVALUATION_SECONDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1,
];

/** The bound for detection to start request is 20 ms at the 99th percentile; a retried call takes seconds. */
const DISPATCH_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 20,
];

/** Adds the detector's own metrics. */
export const addDetectorMetrics = (registry: Registry) => ({
  scrapes: registry.counter('paramedic_scrapes_total', 'Scrapes, by how they ended.', {
    result: SCRAPE_RESULTS,
  }),
  scrapeErrors: registry.counter('paramedic_scrape_errors_total', 'Failed scrapes, by reason.', {
    reason: SCRAPE_ERRORS,
  }),
  scrapeDuration: registry.histogram(
    'paramedic_scrape_duration_seconds',
    'Duration of scrapes, parsing included.',
    {},
    SCRAPE_SECONDS,
  ),
  samples: registry.counter('paramedic_samples_total', 'Samples, by what became of them.', {
    result: SAMPLE_RESULTS,
  }),
  evaluationDuration: registry.histogram(
    'paramedic_evaluation_duration_seconds',
    'Duration of one evaluation pass.',
    {},
    EVALUATION_SECONDS,
  ),
  dispatches: registry.counter(
    'paramedic_dispatches_total',
    'Starts and signals of incident workflows.',
    { kind: DISPATCH_KINDS, result: DISPATCH_RESULTS },
  ),
  dispatchLatency: registry.histogram(
    'paramedic_dispatch_latency_seconds',
    'From the sample that met the criteria to the end of the call to Temporal.',
    { kind: DISPATCH_KINDS },
    DISPATCH_SECONDS,
  ),
  /** `target` is the configured name, never a URL. */
  targetUp: registry.gauge('paramedic_target_up', 'Whether the last scrape of a target worked.', {
    target: 'bounded',
  }),
});
