import { Hono } from 'hono';
import { historyQuery } from '../adapters/history/detector.js';
import type { Detector } from './detector.js';

/** What the internal API needs beside the detector. */
export interface InternalApiParts {
  readonly detector: Detector;
  readonly metrics: () => string;
  /** What is measurable, and from which source; a line each. */
  readonly coverage: () => readonly string[];
  readonly now: () => number;
}

/** What the other roles ask the detector: its state, its samples, its metrics. Loopback, or a private net. */
export function createInternalApi({ detector, metrics, coverage, now }: InternalApiParts): Hono {
  const app = new Hono();
  app.get('/metrics', (context) =>
    context.text(metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get('/internal/status', (context) =>
    context.json({
      atMs: now(),
      summary: detector.summary(),
      thresholds: detector.thresholds,
      targets: detector.targets(),
      coverage: coverage(),
      isDispatching: detector.isDispatching,
    }),
  );
  app.get('/internal/history', async (context) => {
    const query = historyQuery.safeParse(context.req.query());
    if (!query.success) return context.json({ error: query.error.issues[0]?.message }, 400);
    return context.json({ series: await detector.store.range(query.data) });
  });
  return app;
}
