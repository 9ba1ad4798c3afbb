import type { Registry } from './registry.js';

/** An analysis takes under a second at 500 series, and up to 15 s at 5,000. */
const RCA_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

/** From none to as many as pass the correction for many series. */
const CORRELATIONS = [0, 1, 2, 5, 10, 20, 50, 100, 200];

/** Adds what the analyses count, named by the design document. */
export const addRcaMetrics = (registry: Registry) => ({
  analyses: registry.counter(
    'rca_analyses_total',
    'Root cause analyses that have a report, one per incident.',
    {},
  ),
  duration: registry.histogram(
    'rca_duration_seconds',
    'Duration of root cause analyses.',
    {},
    RCA_SECONDS,
  ),
  correlationsFound: registry.histogram(
    'rca_correlations_found',
    'Significant correlations found, per analysis.',
    {},
    CORRELATIONS,
  ),
});
