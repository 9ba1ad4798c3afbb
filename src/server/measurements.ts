import { Hono } from 'hono';
import { readBody } from './body.js';
import type { DetectorClient } from './detector-client.js';
import { answerOf } from './forward.js';

/** 10,000 measurements, of which each takes some 200 bytes. */
const BODY_LIMIT_BYTES = 4 << 20;

/**
 * `POST /v1/measurements`: a batch of measurements, each accepted or rejected by itself; the answer
 * counts the accepted and says why each other one was not.
 */
export function measurementRoutes(detector: DetectorClient): Hono {
  const app = new Hono();
  app.post('/v1/measurements', async (context) => {
    const given = await readBody(context.req.raw, BODY_LIMIT_BYTES);
    return answerOf(context, await detector.forward('POST', '/internal/measurements', given));
  });
  return app;
}
