import { httpHealth } from './http-health.js';
import { prometheusText } from './prometheus-text.js';
import { promql } from './promql.js';

/** The polled sources by kind: adding one is a file and a line here. */
export const SOURCES = [prometheusText, httpHealth, promql] as const;
