import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import type { DetectorClient } from './detector-client.js';
import { detectorShape } from './detector-shape.js';
import { healthShape, metricsSummary, productionHealth, summaryShape } from './health.js';
import type { Monitor } from './monitor.js';
import { operation, type Operation } from './operation.js';

/** What the operations on paramedic's own state need. */
interface MonitoringParts {
  readonly archive: Archive;
  readonly monitor: Pick<Monitor, 'view'>;
  readonly detector: DetectorClient;
  /** Own metrics of this and of other roles, as text. */
  readonly metrics: () => Promise<string>;
  /** Parts that do not answer, in words. */
  readonly problems: () => Promise<readonly string[]>;
  readonly nowMs: () => number;
}

const tag = 'monitoring';

/** The design document's two endpoints, `/metrics`, and what is watched and by whom. */
export function monitoringRoutes(parts: MonitoringParts): Operation[] {
  const { archive, monitor, detector, metrics, problems, nowMs } = parts;
  // While Temporal is away the summary is still given.
  const view = () => monitor.view().catch(() => undefined);
  const health = async () => productionHealth(await detector.status(), await problems());
  return [
    operation({
      id: 'isAlive',
      method: 'get',
      path: '/health/live',
      tag,
      summary: 'Whether this process answers; for a supervisor’s probe',
      role: 'public',
      answer: z.object({ status: z.string().meta({ description: '`alive`' }) }),
      handle: () => ({ body: { status: 'alive' } }),
    }),
    operation({
      id: 'getProductionHealth',
      method: 'get',
      path: '/health/production',
      tag,
      summary: 'Whether the fleet is inside its SLAs, and which parts do not answer',
      role: 'viewer',
      answer: healthShape,
      handle: async () => ({ body: await health() }),
    }),
    operation({
      id: 'getMetricsSummary',
      method: 'get',
      path: '/metrics/summary',
      tag,
      summary: 'Mode, alerts, recoveries and analyses of the last 24 hours',
      role: 'viewer',
      answer: summaryShape,
      handle: async () => ({
        body: await metricsSummary(archive, await detector.status(), await view(), nowMs()),
      }),
    }),
    operation({
      id: 'getMetrics',
      method: 'get',
      path: '/metrics',
      tag,
      summary: 'paramedic’s own metrics, for Prometheus',
      description:
        'Counts and times, no names but those of the configuration: Prometheus needs no token.',
      role: 'public',
      answer: { contentType: 'text/plain; version=0.0.4; charset=utf-8' },
      handle: async () => ({ body: await metrics() }),
    }),
    operation({
      id: 'getStatus',
      method: 'get',
      path: '/v1/status',
      tag,
      summary: 'What is watched, what is violated, what answers',
      role: 'viewer',
      answer: z.object({ health: healthShape, detector: detectorShape.nullable() }),
      async handle() {
        const [status, broken] = await Promise.all([detector.status(), problems()]);
        const body = { health: productionHealth(status, broken), detector: status ?? null };
        return { body };
      },
    }),
  ];
}
