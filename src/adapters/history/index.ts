import { detectorHistory } from './detector.js';
import { prometheusHistory } from './prometheus.js';

/** The histories by kind: adding one is a file and a line here. */
export const HISTORIES = [detectorHistory, prometheusHistory] as const;
