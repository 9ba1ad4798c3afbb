import { Hono } from 'hono';
import { readBody } from './body.js';
import type { DetectorClient } from './detector-client.js';
import { answerOf } from './forward.js';

/** An alert takes about 1 KiB; Alertmanager groups some hundred of them. */
const BODY_LIMIT_BYTES = 4 << 20;

/**
 * `POST /v1/alertmanager`: Alertmanager's webhook, version 4. 200 with what the alerts came to, also
 * for alerts that mean nothing here: a refused body would only be sent again. 503 while the detector
 * is away: then it should be.
 */
export function alertmanagerRoutes(detector: DetectorClient): Hono {
  const app = new Hono();
  app.post('/v1/alertmanager', async (context) => {
    const given = await readBody(context.req.raw, BODY_LIMIT_BYTES);
    return answerOf(context, await detector.forward('POST', '/internal/alertmanager', given));
  });
  return app;
}
