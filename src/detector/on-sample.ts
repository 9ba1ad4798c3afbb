import type { SliSample } from '../domain/sla/samples.js';

/** Receives each SLI sample once, in the order of measurement per stream. */
export type OnSample = (sample: SliSample) => void;
