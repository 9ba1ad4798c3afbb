import { z } from 'zod';
import type { DetectorClient } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';
import { jsonValue } from './shapes.js';

/** 10,000 measurements, of which each takes some 200 bytes. */
const BODY_LIMIT_BYTES = 4 << 20;

const takenShape = z
  .object({
    accepted: z.int(),
    rejected: z.array(z.object({ index: z.int(), message: z.string() })),
  })
  .meta({ id: 'MeasurementsTaken' });

/** `POST /v1/measurements`: a batch of measurements, each accepted or rejected by itself. */
export function measurementRoutes(detector: DetectorClient): Operation[] {
  return [
    operation({
      id: 'pushMeasurements',
      method: 'post',
      path: '/v1/measurements',
      tag: 'measurements',
      summary: 'Takes a batch of measurements, each accepted or rejected by itself',
      description:
        'Each is `{"metric", "value", "service"?, "replica"?, "time"?, "demandPerSecond"?}`; the value is in the unit of the thresholds on that metric, the time ISO 8601 or Unix seconds.',
      role: 'operator',
      takesSignature: true,
      // Each item is judged by the detector, so that a wrong one rejects itself and not the others.
      body: z.strictObject({ measurements: z.array(jsonValue).max(10_000) }),
      bodyLimitBytes: BODY_LIMIT_BYTES,
      answer: takenShape,
      audit: { how: 'hourly' },
      async handle({ body }) {
        const answer = await detector.forward('POST', '/internal/measurements', body);
        return { body: bodyOf(takenShape, answer) };
      },
    }),
  ];
}
