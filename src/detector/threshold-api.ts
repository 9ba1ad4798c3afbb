import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { ThresholdBook, ThresholdChange } from './threshold-book.js';
import type { ThresholdSuggestion } from './threshold-suggestions.js';

const item = z.record(z.string(), z.json());
const list = z.strictObject({ thresholds: z.array(z.unknown()) });
const reloading = z.strictObject({ dropChanges: z.boolean().default(false) });

/** Reads the configuration again and puts its thresholds into force. */
export type Reload = (options: { dropChanges: boolean }) => Promise<ThresholdChange>;

/**
 * The thresholds in force, over HTTP. Each change is validated as a whole first: refused, it is 400
 * with every mistake and nothing has changed. An accepted one is in force with the next sample.
 */
export function createThresholdApi(
  book: ThresholdBook,
  reload: Reload,
  suggest: () => readonly ThresholdSuggestion[],
): Hono {
  const app = new Hono();
  const has = (name: string) => book.current.some((threshold) => threshold.name === name);
  const unknown = (context: Context, name: string) =>
    context.json({ message: `no threshold is named "${name}"` }, 404);

  app.get('/', (context) => context.json(book.view()));
  app.get('/suggestions', (context) => context.json({ suggestions: suggest() }));
  app.get('/:name', (context) => {
    const name = context.req.param('name');
    const found = book.view().thresholds.find((threshold) => threshold['name'] === name);
    return found === undefined ? unknown(context, name) : context.json(found);
  });
  app.put('/', async (context) => {
    const given = list.safeParse(await json(context.req.raw));
    if (!given.success) {
      return context.json({ message: 'expected {"thresholds": [...]}, the whole list' }, 400);
    }
    return answer(context, await book.replace(given.data.thresholds));
  });
  app.post('/', async (context) => {
    const given = item.safeParse(await json(context.req.raw));
    if (!given.success) return context.json({ message: 'expected a threshold' }, 400);
    const name = given.data['name'] ?? given.data['metric'];
    if (typeof name !== 'string' || name === '') {
      return context.json({ message: 'metric: expected a name' }, 400);
    }
    if (has(name)) {
      return context.json({ message: `"${name}" is there already: change it by PUT` }, 409);
    }
    return answer(context, await book.set(name, given.data), 201);
  });
  app.post('/reload', async (context) => {
    const given = reloading.safeParse((await json(context.req.raw)) ?? {});
    if (!given.success) return context.json({ message: 'expected {"dropChanges": bool}' }, 400);
    return answer(context, await reload(given.data));
  });
  app.post('/:name/accept', async (context) => {
    const name = context.req.param('name');
    const now = book.view().thresholds.find((threshold) => threshold['name'] === name);
    if (now === undefined) return unknown(context, name);
    // Judged anew: what was shown a while ago may rest on other samples.
    const found = suggest().find((one) => one.name === name);
    if (found?.proposed === undefined) {
      const why = found === undefined ? 'it is disabled' : found.reason;
      return context.json({ message: `nothing is suggested for "${name}": ${why}` }, 409);
    }
    const { tolerancePercent } = found.proposed;
    return answer(context, await book.set(name, { ...now, tolerance: `${tolerancePercent}%` }));
  });
  app.put('/:name', async (context) => {
    const name = context.req.param('name');
    const given = item.safeParse(await json(context.req.raw));
    if (!given.success) return context.json({ message: 'expected a threshold' }, 400);
    const named = given.data['name'] ?? name;
    if (named !== name) {
      return context.json({ message: `name: expected "${name}", as in the address` }, 400);
    }
    return answer(context, await book.set(name, given.data));
  });
  app.delete('/:name', async (context) => {
    const name = context.req.param('name');
    return has(name) ? answer(context, await book.remove(name)) : unknown(context, name);
  });
  return app;
}

function answer(context: Context, change: ThresholdChange, status: 200 | 201 = 200) {
  if (change.status === 'changed') return context.json({ changed: change.names }, status);
  const { problems } = change;
  const message = problems.map(({ path, message: what }) => `${path} ${what}`.trim()).join('; ');
  return context.json({ message, problems }, 400);
}

/** The body; undefined where there is none, or it is no JSON. */
async function json(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
