import path from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { addSecurityHeaders } from '../../../src/server/security-headers.js';
import { loadPage, pageRoutes } from '../../../src/server/page.js';

const DIST = path.resolve(import.meta.dirname, '../../../dist/web');

/** An order that the page sent. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string | undefined;
}

/** The page with answers that a test decides: what a path is not given answers 404, as an older server. */
export class FakeApi {
  /** Answers by path with query; a number is an empty answer of that status. */
  readonly answers = new Map<string, object | number>();
  /** Answers to orders by path; `{"result": …}` where none is given. */
  readonly replies = new Map<string, { readonly status: number; readonly body: object }>();
  readonly sent: Sent[] = [];
  /** Every path that was asked, in order. */
  readonly asked: string[] = [];
  /** Where set, requests without a session are 401; the token opens one. */
  token: string | undefined;
  hasEvents = false;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #server: ReturnType<typeof createAdaptorServer> | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins to listen, on the same port as before after a stop. */
  async start(): Promise<void> {
    const app = new Hono();
    // As the real server: a page that broke its policy would complain in the console.
    app.use(async (context, next) => {
      await next();
      addSecurityHeaders(context.res.headers, false);
    });
    app.route('/', pageRoutes(loadPage(DIST)));
    app.use(async (context, next) => {
      const isOpen = context.req.method === 'POST' && context.req.path === '/v1/session';
      const isIn = context.req.header('cookie')?.includes('session=ada') === true;
      if (this.token === undefined || isOpen || isIn) return next();
      return context.json({ title: 'Not signed in', detail: 'sign in first' }, 401);
    });
    app.post('/v1/session', async (context) => {
      const { token } = await context.req.json<{ token: string }>();
      if (token !== this.token) {
        return context.json({ title: 'Not signed in', detail: 'the token is not known' }, 401);
      }
      return context.json({ name: 'ada', role: 'operator', via: 'session' }, 201, {
        'set-cookie': 'session=ada; HttpOnly; SameSite=Strict; Path=/',
      });
    });
    app.get('/v1/events', (context) => {
      if (!this.hasEvents) return context.notFound();
      let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          mine = controller;
          this.#streams.add(controller);
          controller.enqueue(new TextEncoder().encode(': hello\n\n'));
        },
        cancel: () => {
          if (mine !== undefined) this.#streams.delete(mine);
        },
      });
      return context.body(stream, 200, { 'content-type': 'text/event-stream' });
    });
    app.get('*', (context) => {
      const { pathname, search } = new URL(context.req.url);
      const asked = decodeURIComponent(pathname + search);
      this.asked.push(asked);
      const answer = this.answers.get(asked);
      if (answer === undefined) return context.json({ detail: 'no such resource' }, 404);
      if (typeof answer === 'number') return context.body(null, answer as 503);
      return context.json(answer);
    });
    app.on(['POST', 'PUT'], '*', async (context) => {
      const { pathname } = new URL(context.req.url);
      const where = decodeURIComponent(pathname);
      this.sent.push({
        method: context.req.method,
        path: where,
        body: await context.req.json(),
        key: context.req.header('idempotency-key'),
      });
      const reply = this.replies.get(where);
      return reply === undefined
        ? context.json({ result: 'it is done' })
        : context.json(reply.body, reply.status as 409);
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Sends an event to every page that listens. */
  tell(event: string): void {
    const text = new TextEncoder().encode(`event: ${event}\ndata: {}\n\n`);
    for (const stream of this.#streams) stream.enqueue(text);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
    this.#streams.clear();
  }
}
