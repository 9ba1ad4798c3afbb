import { isLocked } from './client.js';
import { EventParser } from '../../../domain/event-stream.js';
import { isLive, tellAll, wakeAll } from './resource.js';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A server without events is asked again, since it may be updated under an open page. */
const ABSENT_RETRY_MS = 60_000;
/** Servers send a comment at least this often; without one the connection is dead. */
const SILENT_MS = 45_000;

/**
 * Keeps a connection to `/v1/events` for as long as the page lives. An event's data is not used: it
 * says what to ask again, so that there is one way in which data gets here, events or not. By `fetch`,
 * since an `EventSource` does not say why it was refused.
 */
export async function stayLive(): Promise<never> {
  let retryMs = FIRST_RETRY_MS;
  let lastId: string | undefined;
  for (;;) {
    let waitMs = retryMs;
    try {
      const outcome = await listen(
        lastId,
        (id) => (lastId = id),
        () => {
          retryMs = FIRST_RETRY_MS;
        },
      );
      waitMs = outcome === 'absent' ? ABSENT_RETRY_MS : retryMs;
    } catch {
      waitMs = retryMs;
    }
    isLive.value = false;
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

async function listen(
  lastId: string | undefined,
  setId: (id: string) => void,
  onOpen: () => void,
): Promise<'absent' | 'ended'> {
  const abort = new AbortController();
  const reply = await fetch('/v1/events', {
    headers: {
      accept: 'text/event-stream',
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
    signal: abort.signal,
  });
  if (reply.status === 401) isLocked.value = true;
  const isStream = reply.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!reply.ok || !isStream || reply.body === null) {
    abort.abort();
    return reply.status === 404 ? 'absent' : 'ended';
  }
  onOpen();
  isLive.value = true;
  // What changed while we were away.
  wakeAll();
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = reply.body.getReader();
  let watchdog = setTimeout(() => abort.abort(), SILENT_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'ended';
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort(), SILENT_MS);
      for (const { event, id } of parser.feed(decoder.decode(value, { stream: true }))) {
        if (id !== undefined) setId(id);
        tellAll(event);
      }
    }
  } finally {
    clearTimeout(watchdog);
  }
}
