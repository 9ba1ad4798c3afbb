import { z } from 'zod';
import type { DetectorClient } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';
import { jsonValue } from './shapes.js';

/** An alert takes about 1 KiB; Alertmanager groups some hundred of them. */
const BODY_LIMIT_BYTES = 4 << 20;

const takenShape = z
  .object({
    results: z
      .record(z.string(), z.int())
      .meta({ description: 'how many alerts came to what: `incident`, `repeated`, `resolved`, …' }),
    truncated: z.int().meta({ description: 'alerts that Alertmanager left out' }),
  })
  .meta({ id: 'AlertsTaken' });

/**
 * `POST /v1/alertmanager`: Alertmanager's webhook, version 4. 200 with what the alerts came to, also
 * for alerts that mean nothing here: a refused body would only be sent again. 503 while the detector
 * is away: then it should be.
 */
export function alertmanagerRoutes(detector: DetectorClient): Operation[] {
  return [
    operation({
      id: 'takeAlerts',
      method: 'post',
      path: '/v1/alertmanager',
      tag: 'measurements',
      summary: 'Alertmanager’s webhook, version 4: its alerts open and end incidents',
      role: 'operator',
      // Loose: Alertmanager adds fields within version 4.
      body: z.looseObject({
        version: z.literal('4'),
        groupKey: z.string(),
        alerts: z.array(jsonValue),
      }),
      bodyLimitBytes: BODY_LIMIT_BYTES,
      answer: takenShape,
      audit: { how: 'hourly' },
      async handle({ body }) {
        const answer = await detector.forward('POST', '/internal/alertmanager', body);
        return { body: bodyOf(takenShape, answer) };
      },
    }),
  ];
}
