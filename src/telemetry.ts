import { addDetectorMetrics } from './telemetry/detector-metrics.js';
import type { Family } from './telemetry/instruments.js';
import { addNotifyMetrics } from './telemetry/notify-metrics.js';
import { addProcessMetrics } from './telemetry/process-metrics.js';
import { addRcaMetrics } from './telemetry/rca-metrics.js';
import { addRecoveryMetrics } from './telemetry/recovery-metrics.js';
import { Registry } from './telemetry/registry.js';
import { addSlaMetrics } from './telemetry/sla-metrics.js';

export { BREAKER_STATES } from './telemetry/recovery-metrics.js';
export { EXPOSITION_CONTENT_TYPE } from './telemetry/registry.js';
export { mergeExpositions, type Exposition } from './telemetry/merge.js';
export { seedTelemetry } from './telemetry/seed.js';

/** Who exports: `all` where one process is everything. */
export type TelemetryRole = 'detector' | 'worker' | 'server' | 'all';

/** The groups of metrics that a role is the source of. */
type TelemetryArea = 'sla' | 'detector' | 'recovery' | 'rca' | 'notify';

/**
 * Counters of these areas are there from the start, at 0: `rate()` needs a first value, and an alert
 * on a series that does not exist never fires. Other roles don't show them, or each series of the
 * union would be there once per role.
 */
const AREAS: Readonly<Record<TelemetryRole, readonly TelemetryArea[]>> = {
  detector: ['sla', 'detector'],
  worker: ['recovery', 'rca', 'notify'],
  server: [],
  all: ['sla', 'detector', 'recovery', 'rca', 'notify'],
};

/** What a process measures of itself and of its work. */
export interface Telemetry {
  readonly sla: ReturnType<typeof addSlaMetrics>;
  readonly detector: ReturnType<typeof addDetectorMetrics>;
  readonly recovery: ReturnType<typeof addRecoveryMetrics>;
  readonly rca: ReturnType<typeof addRcaMetrics>;
  readonly notify: ReturnType<typeof addNotifyMetrics>;
  /** For metrics of one's own; names start with `paramedic_`. */
  readonly registry: Registry;
  /** The exposition for `/metrics`, in text format 0.0.4 (`EXPOSITION_CONTENT_TYPE`). */
  expose(): string;
  /** Stops what samples in the background; `expose` still works. */
  close(): void;
}

/** Makes the instruments of one process. */
export function createTelemetry(options: {
  readonly role: TelemetryRole;
  readonly version: string;
}): Telemetry {
  const registry = new Registry();
  const areas = {
    sla: addSlaMetrics(registry),
    recovery: addRecoveryMetrics(registry),
    rca: addRcaMetrics(registry),
    notify: addNotifyMetrics(registry),
    detector: addDetectorMetrics(registry),
  };
  for (const area of AREAS[options.role]) {
    for (const family of Object.values<Pick<Family, 'fill'>>(areas[area])) family.fill();
  }
  registry
    .gauge('paramedic_build_info', 'Always 1; what runs here.', {
      version: 'bounded',
      node: 'bounded',
    })
    .set({ version: options.version, node: process.versions.node }, 1);
  const close = addProcessMetrics(registry);
  return { ...areas, registry, expose: () => registry.render(), close };
}
