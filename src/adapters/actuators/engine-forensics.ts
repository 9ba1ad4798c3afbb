import { AdapterError } from '../../domain/ports.js';
import { callEngine, type EngineAccess } from './engine-http.js';
import { readSecret } from './settings.js';

/** What is kept, by its name in the report. Some exist in development mode only. */
const PAGES: Readonly<Record<string, string>> = {
  health: '/health',
  version: '/version',
  serverInfo: '/server_info',
  load: '/load',
  models: '/v1/models',
  metrics: '/metrics',
};

/** Enough for the metrics of an engine; the archive takes a report of at most 2 MB. */
const MAX_PAGE_CHARACTERS = 256 * 1024;

/** `api_key=…` as an engine's own settings print it. */
const PRINTED_KEY = /(api[_-]?key["']?\s*[:=]\s*)(\[[^\]]*\]|"[^"]*"|'[^']*'|[^\s,}]+)/gi;

async function readPage(
  access: EngineAccess,
  replica: string,
  path: string,
  timeoutMs: number,
): Promise<string> {
  try {
    const reply = await callEngine(access, replica, { method: 'GET', path, timeoutMs });
    const text = reply.text.slice(0, MAX_PAGE_CHARACTERS);
    return reply.status === 200 && text !== '' ? text : `status ${reply.status} ${text}`.trim();
  } catch (error) {
    // A page that does not come is itself evidence, and must not cost us the others.
    if (error instanceof AdapterError) return `unavailable: ${error.message}`;
    throw error;
  }
}

/**
 * Reads what an engine tells of itself, all pages at once, each with its own timeout. Pages that
 * can't be had are kept as `unavailable: <why>`. Keys are blanked out.
 */
export async function collectForensics(
  access: EngineAccess,
  replica: string,
  timeoutMs: number,
): Promise<Readonly<Record<string, string>>> {
  // Where the key can't be read, the page that needs it says so, and there is none to blank out.
  const key = access.apiKey && (await readSecret(access.apiKey).catch(() => undefined));
  const clean = (text: string): string => {
    const blanked = text.replace(PRINTED_KEY, '$1[redacted]');
    return key === undefined ? blanked : blanked.replaceAll(key, '[redacted]');
  };
  const pages = await Promise.all(
    Object.entries(PAGES).map(async ([name, path]) => {
      const text = await readPage(access, replica, path, timeoutMs);
      return [name, clean(text)] as const;
    }),
  );
  return Object.fromEntries(pages);
}
