import { Hono } from 'hono';
import { COLUMNS_TYPE, encodeColumns } from '../adapters/history/columns.js';
import { historyQuery } from '../adapters/history/detector.js';
import type { Detector } from './detector.js';
import { createPushApi, type PushApiParts } from './push-api.js';
import { createThresholdApi, type Reload } from './threshold-api.js';

/** What the internal API needs beside the detector. */
export interface InternalApiParts {
  readonly detector: Detector;
  readonly metrics: () => string;
  readonly push: Omit<PushApiParts, 'detector' | 'now'>;
  /** Every breaker that is known. */
  readonly breakers: () => readonly object[];
  /** The last health check of each replica, and how the host is. */
  readonly health: () => Promise<object>;
  readonly reload: Reload;
  /** Something failed inside: for the log. */
  readonly onError: (error: unknown) => void;
  /** Why a caller is refused; undefined for another role. */
  readonly guard: (request: Request) => { status: 401 | 403; why: string } | undefined;
  readonly now: () => number;
}

/** What the other roles ask and tell the detector. Loopback, or a private net. */
export function createInternalApi(parts: InternalApiParts): Hono {
  const { detector, now } = parts;
  const app = new Hono();
  app.onError((error, context) => {
    parts.onError(error);
    return context.json({ message: 'the detector could not do it now; send it again' }, 503);
  });
  app.use('/internal/*', async (context, next) => {
    const refused = parts.guard(context.req.raw);
    if (refused !== undefined) return context.json({ message: refused.why }, refused.status);
    await next();
    return undefined;
  });
  app.get('/metrics', (context) =>
    context.text(parts.metrics(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );
  app.get('/internal/status', async (context) =>
    context.json({
      atMs: now(),
      summary: detector.summary(),
      thresholds: detector.thresholds.current,
      targets: detector.targets(),
      coverage: detector.coverage(),
      isDispatching: detector.isDispatching,
      openReports: detector.reports.openCount,
      ...{ opened: detector.lastDay(), reports: detector.reports.openKeys },
      breakers: parts.breakers(),
      health: await parts.health(),
    }),
  );
  app.get('/internal/held', (context) => context.json(detector.held()));
  app.get('/internal/outlook', (context) =>
    context.json({ budgets: detector.budgets(), outlooks: detector.outlooks() }),
  );
  app.get('/internal/recent-slis', (context) => context.json({ recent: detector.recent() }));
  app.get('/internal/history', (context) => {
    const query = historyQuery.safeParse(context.req.query());
    if (!query.success) return context.json({ error: query.error.issues[0]?.message }, 400);
    const series = detector.store.rangeNow(query.data);
    if (context.req.header('accept') !== COLUMNS_TYPE) return context.json({ series });
    return context.body(encodeColumns(series), 200, { 'content-type': COLUMNS_TYPE });
  });
  app.route(
    '/internal/thresholds',
    createThresholdApi(detector.thresholds, parts.reload, () => detector.suggestions()),
  );
  app.route('/internal', createPushApi({ ...parts.push, detector, now }));
  return app;
}
