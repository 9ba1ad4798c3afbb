import { Hono, type Context } from 'hono';
import type { Archive } from '../domain/archive.js';
import { readBody } from './body.js';
import type { DetectorAnswer, DetectorClient, Method } from './detector-client.js';
import { answerOf } from './forward.js';

/** A threshold takes some 300 bytes. */
const BODY_LIMIT_BYTES = 256 << 10;
const BASE = '/internal/thresholds';

/** What changes are audited with. */
interface ThresholdParts {
  readonly detector: DetectorClient;
  readonly archive: Pick<Archive, 'putAudit'>;
  readonly nowMs: () => number;
}

/**
 * `/v1/thresholds`: GET lists them, PUT replaces the list (`{"thresholds": [...]}`), POST adds one;
 * GET, PUT and DELETE of `/v1/thresholds/NAME` are about one; `POST /v1/thresholds/reload` reads the
 * configuration again (`{"dropChanges": true}` takes back what the API changed). Each threshold is
 * written as in the configuration. A refused change is 400 with every mistake and changes nothing.
 * Who changes says so with `?by=NAME`; changes and refusals are in the audit.
 */
export function thresholdRoutes({ detector, archive, nowMs }: ThresholdParts): Hono {
  const app = new Hono();
  const pathOf = (context: Context) => {
    const name = context.req.param('name');
    return name === undefined ? BASE : `${BASE}/${encodeURIComponent(name)}`;
  };
  const change = async (context: Context, method: Method, path: string) => {
    const given =
      method === 'DELETE' ? undefined : await readBody(context.req.raw, BODY_LIMIT_BYTES);
    const answer = await detector.forward(method, path, given);
    await archive.putAudit({
      key: crypto.randomUUID(),
      atMs: nowMs(),
      who: context.req.query('by') ?? 'unknown',
      from: context.req.header('user-agent') ?? 'http',
      what: `thresholds-${path.endsWith('/reload') ? 'reload' : method.toLowerCase()}`,
      target: context.req.param('name') ?? '*',
      outcome: answer.status < 300 ? 'accepted' : 'refused',
      detail: detailOf(answer),
    });
    return answerOf(context, answer);
  };

  app.get('/v1/thresholds/:name?', async (context) =>
    answerOf(context, await detector.forward('GET', pathOf(context), undefined)),
  );
  app.post('/v1/thresholds/reload', (context) => change(context, 'POST', `${BASE}/reload`));
  app.post('/v1/thresholds', (context) => change(context, 'POST', BASE));
  app.put('/v1/thresholds/:name?', (context) => change(context, 'PUT', pathOf(context)));
  app.delete('/v1/thresholds/:name', (context) => change(context, 'DELETE', pathOf(context)));
  return app;
}

function detailOf({ body }: DetectorAnswer): string {
  const { message, changed } = body as { message?: string; changed?: readonly string[] };
  if (changed === undefined) return message ?? '';
  return changed.length === 0 ? 'nothing differs' : `changed: ${changed.join(', ')}`;
}
