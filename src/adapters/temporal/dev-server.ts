import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient } from './connection.js';
import { eachLine } from './each-line.js';
import { ensureNamespace } from './namespace.js';
import { assertPortFree } from './port.js';
import { lastWords } from './run-program.js';
import { ensureSearchAttributes, type SearchAttributeDefinitions } from './search-attributes.js';

/** How to run a dev server. Everything is bound to loopback. */
export interface DevServerSettings {
  /** Path of Temporal's CLI, from `provisionTemporal`. */
  readonly binary: string;
  /** The server's database, which keeps workflows over restarts; its folder is created. */
  readonly dbFile: string;
  /** Gets each line of the server's own log (JSON), for a file or for nobody. */
  readonly onLog: (line: string) => void;
  readonly namespace: string;
  /** Ports of the gRPC front end and of the web UI. */
  readonly port: number;
  readonly uiPort: number;
  /** Port of loopback where the UI has encrypted payloads decoded. */
  readonly codecPort?: number | undefined;
  readonly searchAttributes: SearchAttributeDefinitions;
  /** Bound on the start; default 30 s. 0.7 s is usual, opening a large database takes longer. */
  readonly readyWithinMs?: number;
}

/** Lets a supervisor follow a start, and give it up. */
export interface DevServerHooks {
  /** Called as soon as the process exists, long before it is ready. */
  readonly onSpawn?: (pid: number) => void;
  readonly onExit?: (pid: number) => void;
  readonly signal?: AbortSignal;
}

/** How a process ended: one of the two is set. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running dev server, ready for workflows. */
export interface DevServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM, then SIGKILL after `withinMs` (default 5 s); resolves when the process is gone. */
  stop(withinMs?: number): Promise<void>;
}

/** The server closes its database within 0.2 s of SIGTERM when idle. */
const STOP_WITHIN_MS = 5_000;
const READY_WITHIN_MS = 30_000;
/** How much of its log a server that died at start is quoted with. */
const QUOTED_LINES = 3;

/**
 * Starts Temporal's dev server and waits until its namespace and search attributes are usable.
 *
 * The same database file may be opened again after a kill -9: running workflows go on. The process
 * leads its own group, so that a Ctrl-C in the terminal reaches the launcher only, which stops
 * the server last.
 *
 * @throws Error if a port is taken (naming the setting), or if the server ends or isn't ready in
 *   time (with the end of its log), or the signal's reason; no process is left behind.
 */
export async function startDevServer(
  settings: DevServerSettings,
  hooks: DevServerHooks = {},
): Promise<DevServer> {
  await assertPortFree(settings.port, 'temporal.port');
  await assertPortFree(settings.uiPort, 'temporal.uiPort');
  const lastLines: string[] = [];
  const child = launch(settings, (line) => {
    lastLines.push(line);
    if (lastLines.length > QUOTED_LINES) lastLines.shift();
    settings.onLog(line);
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    // Unlike `exit`, this comes after the last line of the log.
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const { pid } = child;
  if (pid !== undefined) {
    hooks.onSpawn?.(pid);
    void exited.then(() => hooks.onExit?.(pid));
  }
  try {
    await untilReady(settings, exited, hooks.signal, () => lastWords(lastLines.join('\n')));
  } catch (error) {
    await stopProcess(child, exited, 0);
    throw error;
  }
  return {
    address: `127.0.0.1:${settings.port}`,
    uiUrl: `http://127.0.0.1:${settings.uiPort}`,
    // Known, since the process has answered.
    pid: child.pid!,
    exited,
    stop: (withinMs = STOP_WITHIN_MS) => stopProcess(child, exited, withinMs),
  };
}

/**
 * What makes the dev server prompt. Timers and retries otherwise fire up to a second late. Its queues are
 * read at most 20 times a second, which is meant for one of hundreds of shards: with a single one each step
 * from a workflow to its child waits up to 50 ms as soon as anything else happens. And wherever search
 * attributes occur it reads their definitions from its database: an incident has that done 130 times.
 */
export const PROMPT_SERVER = Object.entries({
  'history.timerProcessorMaxTimeShift': '"10ms"',
  'history.timerProcessorMaxPollRPS': '200',
  'history.transferProcessorMaxPollRPS': '200',
  'system.forceSearchAttributesCacheRefreshOnRead': 'false',
}).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]);

/** With them a server of a new database has search attributes at once, else its caches take two seconds. */
export function flagsOf(searchAttributes: SearchAttributeDefinitions): string[] {
  const given = Object.entries(searchAttributes);
  return given.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
}

/** The flags of `temporal server start-dev`, each of which has its reason. */
function devServerArguments(settings: DevServerSettings): string[] {
  const { dbFile, namespace, port, uiPort, codecPort, searchAttributes } = settings;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
    ...['--port', `${port}`, '--ui-port', `${uiPort}`],
    ...(codecPort === undefined ? [] : ['--ui-codec-endpoint', `http://127.0.0.1:${codecPort}`]),
    ...['--db-filename', dbFile, '--namespace', namespace],
    ...flagsOf(searchAttributes),
    // Readers don't wait for the writer, and a kill -9 loses nothing.
    ...['--sqlite-pragma', 'journal_mode=wal'],
    ...PROMPT_SERVER,
    // Nothing of the user's own CLI configuration may change what is started here.
    ...['--ui-disable-news-fetch', '--disable-config-file', '--disable-config-env'],
    ...['--log-level', 'warn', '--log-format', 'json'],
  ];
}

function launch(settings: DevServerSettings, onLog: (line: string) => void): ChildProcess {
  mkdirSync(path.dirname(settings.dbFile), { recursive: true });
  const child = spawn(settings.binary, devServerArguments(settings), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  eachLine(child.stdout, onLog);
  eachLine(child.stderr, onLog);
  return child;
}

async function untilReady(
  settings: DevServerSettings,
  exited: Promise<ProcessExit>,
  signal: AbortSignal | undefined,
  saidLast: () => string,
): Promise<void> {
  const ended = new AbortController();
  const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const death = exited.then(({ code, signal }) => {
    ended.abort();
    throw new Error(
      `Temporal's dev server ended at start (${signal ?? `exit code ${code ?? 'unknown'}`}): ` +
        (saidLast() || 'it printed nothing'),
    );
  });
  const deadlineMs = settings.readyWithinMs ?? READY_WITHIN_MS;
  await Promise.race([prepare(settings, deadlineMs, either), death]);
}

async function prepare(
  { port, namespace, searchAttributes }: DevServerSettings,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const address = `127.0.0.1:${port}`;
  const connection = await connectClient({ address }, { deadlineMs, signal });
  try {
    await connection.withDeadline(Date.now() + deadlineMs, async () => {
      await ensureNamespace(connection, namespace, { raiseRetention: true });
      await ensureSearchAttributes(connection, namespace, searchAttributes);
    });
  } finally {
    await connection.close();
  }
}

async function stopProcess(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  withinMs: number,
): Promise<void> {
  if (child.pid === undefined) return;
  const killer = new AbortController();
  if (withinMs > 0) child.kill('SIGTERM');
  const lateKill = sleep(withinMs, undefined, { signal: killer.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await exited;
  killer.abort();
  await lateKill;
}
