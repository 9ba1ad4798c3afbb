import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Hono, type Context } from 'hono';

/** Addresses that the page itself tells apart. */
const PAGE_PATHS = ['/', '/response', '/causes', '/incidents', '/incidents/:id'];

/** One file of the page, ready to be sent. */
interface Asset {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** The built page, in memory. */
export interface Page {
  readonly html: Asset;
  readonly assets: ReadonlyMap<string, Asset>;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d2733"/><path d="M4 17h6l3-8 5 15 3-7h7" fill="none" stroke="#5ad1a5" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/**
 * Reads the built page from `folder` (`index.html`, `app.js`, `app.css`) once.
 *
 * @throws Error of the file system when it is not there: the build makes it.
 */
export function loadPage(folder: string): Page {
  const read = (name: string) => readFileSync(path.join(folder, name));
  const script = asset('text/javascript; charset=utf-8', read('app.js'));
  const style = asset('text/css; charset=utf-8', read('app.css'));
  // The addresses carry the content's hash: a new build is never seen with an old script.
  const html = read('index.html')
    .toString('utf8')
    .replace('/assets/app.js', `/assets/app.js?v=${script.etag.slice(1, -1)}`)
    .replace('/assets/app.css', `/assets/app.css?v=${style.etag.slice(1, -1)}`);
  return {
    html: asset('text/html; charset=utf-8', Buffer.from(html)),
    assets: new Map([
      ['app.js', script],
      ['app.css', style],
      ['icon.svg', asset('image/svg+xml', Buffer.from(ICON))],
    ]),
  };
}

function asset(type: string, content: Buffer): Asset {
  const plain = new Uint8Array(content);
  return {
    type,
    plain,
    gzipped: new Uint8Array(gzipSync(plain, { level: 9 })),
    etag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 16)}"`,
  };
}

/**
 * The page at its addresses, and its files under `/assets/`: public, they hold no data. It bears the
 * strictest policy: nothing is inline, and styles that a script sets on an element are not inline styles.
 */
export function pageRoutes({ html, assets }: Page): Hono {
  const app = new Hono();
  for (const address of PAGE_PATHS) {
    app.get(address, (context) => send(context, html, 'no-cache'));
  }
  app.get('/assets/:name', (context) => {
    const found = assets.get(context.req.param('name'));
    if (found === undefined) return context.notFound();
    const isVersioned = context.req.query('v') !== undefined;
    return send(context, found, isVersioned ? 'public, max-age=31536000, immutable' : 'no-cache');
  });
  return app;
}

function send(context: Context, { type, plain, gzipped, etag }: Asset, caching: string): Response {
  const headers: Record<string, string> = {
    'content-type': type,
    'cache-control': caching,
    etag,
    vary: 'accept-encoding',
  };
  if (context.req.header('if-none-match') === etag) return context.body(null, 304, headers);
  const takesGzip = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
  return takesGzip
    ? context.body(gzipped, 200, { ...headers, 'content-encoding': 'gzip' })
    : context.body(plain, 200, headers);
}
