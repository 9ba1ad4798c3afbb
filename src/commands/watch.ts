import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { EventParser, type ServerEvent } from '../domain/event-stream.js';
import { apiOf, RefusedError, type Api } from './api.js';
import { print } from './table.js';
import { sayEvent, WATCHED, type Watched } from './watch-line.js';

/** What is watched, and how it is written. */
export interface WatchOptions {
  readonly json?: boolean;
  /** Only incidents in that state. */
  readonly state?: string;
}

/** As the server's own `retry:` says. */
const AGAIN_AFTER_MS = 2_000;
/** The server sends a comment every 15 s: a connection without one is dead. */
const SILENT_MS = 45_000;

/**
 * `paramedic watch`: what is open now and then what changes, a line each, until `signal`. A connection
 * that is lost is made again, and goes on where it was.
 *
 * @throws InvalidArgumentError for a kind that there is not; Error where nobody answers at first, or
 * the API refuses.
 */
export async function watch(
  configPath: string,
  kinds: readonly string[],
  options: WatchOptions,
  signal: AbortSignal,
): Promise<number> {
  for (const kind of kinds) {
    if (isWatched(kind)) continue;
    throw new InvalidArgumentError(`expected some of ${WATCHED.join(', ')}; got "${kind}"`);
  }
  const write = options.json === true ? writeJson : peopleWriter(Date.now());
  let lastId: string | undefined;
  // Undefined before the first connection.
  let isLost = undefined as boolean | undefined;
  const take = ({ event, data, id }: ServerEvent) => {
    lastId = id ?? lastId;
    if (!isWatched(event) || (kinds.length > 0 && !kinds.includes(event))) return;
    const value = JSON.parse(data) as unknown;
    if (event === 'incident' && !isInState(value, options.state)) return;
    write(event, value);
  };
  const isUp = () => {
    if (isLost === true) process.stderr.write('connected again\n');
    isLost = false;
  };
  const api = apiOf(configPath);
  // Asked anew each time: it changes while it is waited.
  const isOver = () => signal.aborted;
  while (!isOver()) {
    try {
      await follow(api, lastId, signal, isUp, take);
    } catch (error) {
      const isRefused = error instanceof RefusedError && error.status < 500 && error.status !== 429;
      // At first, it is more likely a wrong address than a server that will come.
      if (!isOver() && (isLost === undefined || isRefused)) throw error;
    }
    if (isLost === false && !isOver()) {
      process.stderr.write('the connection is lost; it is tried again\n');
    }
    isLost = true;
    await sleep(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

/** Reads one connection to its end. */
async function follow(
  api: Api,
  lastId: string | undefined,
  signal: AbortSignal,
  isUp: () => void,
  take: (event: ServerEvent) => void,
): Promise<void> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), SILENT_MS);
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  try {
    const both = AbortSignal.any([signal, silent.signal]);
    const stream = await api.stream('/v1/events', headers, both);
    isUp();
    const parser = new EventParser();
    const decoder = new TextDecoder();
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      timer.refresh();
      for (const event of parser.feed(decoder.decode(chunk, { stream: true }))) take(event);
    }
  } finally {
    clearTimeout(timer);
  }
}

const isWatched = (kind: string): kind is Watched => (WATCHED as readonly string[]).includes(kind);

function isInState(incident: unknown, state: string | undefined): boolean {
  return state === undefined || (incident as { state: string }).state === state;
}

/** One JSON value per line, everything that the API sends. */
function writeJson(event: Watched, data: unknown): void {
  print(JSON.stringify({ event, data }));
}

/** A line for what is open or happens from now on, and nothing twice. */
function peopleWriter(sinceMs: number): (event: Watched, data: unknown) => void {
  const told = new Map<string, string>();
  return (event, data) => {
    const said = sayEvent(event, data, sinceMs);
    if (said === undefined || told.get(said.subject) === said.text) return;
    // A closed breaker is news only where it was not.
    const isUsual = event === 'breaker' && said.text.includes(': closed');
    const isFirst = !told.has(said.subject);
    told.set(said.subject, said.text);
    if (isUsual && isFirst) return;
    print(`${new Date().toTimeString().slice(0, 8)}  ${event.padEnd(8)}  ${said.text}`);
  };
}
