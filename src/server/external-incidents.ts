import { Hono } from 'hono';
import { readBody } from './body.js';
import type { DetectorClient } from './detector-client.js';
import { answerOf } from './forward.js';

/** Evidence is bounded at 16 KiB by its reader; the rest is small. */
const BODY_LIMIT_BYTES = 64 << 10;

/**
 * `POST /v1/incidents`: an engine reports that it is in trouble, or with `status: "resolved"` that it
 * is no more. 202 with the incident's id and `status`: `opened`, `joined` (one that is open already),
 * `repeated` (the same key again, which prolongs it), `ended` (a key that was resolved), `resolved`.
 */
export function externalIncidentRoutes(detector: DetectorClient): Hono {
  const app = new Hono();
  app.post('/v1/incidents', async (context) => {
    const given = await readBody(context.req.raw, BODY_LIMIT_BYTES);
    return answerOf(context, await detector.forward('POST', '/internal/incidents', given));
  });
  return app;
}
