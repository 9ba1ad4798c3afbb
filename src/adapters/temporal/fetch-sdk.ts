import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { FetchOptions, TemporalProgram } from './program.js';
import { lastWords, runProgram } from './run-program.js';

/**
 * The SDK's download is tried only as long as it is quick; pip comes next. Without a route to the
 * download's host it fails in 60 ms, but a firewall that drops packets would stall it for minutes.
 */
const SDK_TIMEOUT_MS = 30_000;

/**
 * Runs in a process of its own: the SDK's runtime can be installed only once in a process, with
 * logger and telemetry, and a download must not use up that one chance. Starting the server is
 * the only way the SDK offers to download it; it is stopped at once.
 */
const DOWNLOAD = `
const { Runtime } = require(process.argv[1]);
const config = JSON.parse(process.argv[2]);
(async () => {
  const runtime = Runtime.instance();
  await runtime.shutdownEphemeralServer(await runtime.createEphemeralServer(config));
})().catch((error) => { console.error(error.message); process.exit(1); });
`;

/**
 * Lets Temporal's SDK download the program into `draftDir` and returns the executable's path.
 *
 * @throws Error with the SDK's words.
 */
export async function fetchBySdk(
  program: TemporalProgram,
  draftDir: string,
  { env, signal }: FetchOptions,
): Promise<string> {
  mkdirSync(draftDir, { recursive: true });
  const worker = createRequire(import.meta.url).resolve('@temporalio/worker');
  const config = { ...serverConfig(program), exe: downloadConfig(program, draftDir) };
  const args = ['-e', DOWNLOAD, worker, JSON.stringify(config)];
  const { code, output } = await runProgram(process.execPath, args, {
    timeoutMs: SDK_TIMEOUT_MS,
    env,
    signal,
  });
  if (code !== 0) throw new Error(lastWords(output));
  const found = existsSync(draftDir)
    ? readdirSync(draftDir)
        .map((name) => path.join(draftDir, name))
        .find((file) => (statSync(file).mode & 0o100) !== 0 && statSync(file).isFile())
    : undefined;
  if (found === undefined) throw new Error('the SDK reported success but left no executable');
  return found;
}

function downloadConfig(program: TemporalProgram, draftDir: string): object {
  return {
    type: 'cached-download',
    downloadDir: draftDir,
    version: program.sdkVersion,
    ttl: 86_400_000,
    sdkName: 'sdk-typescript',
    sdkVersion: '1.24.0',
  };
}

function serverConfig(program: TemporalProgram): object {
  const common = { type: program.sdkServer, port: null, extraArgs: [] };
  if (program.sdkServer === 'time-skipping') return common;
  const quiet = { format: 'json', level: 'error' };
  const server = { namespace: 'default', ip: '127.0.0.1', ui: false, uiPort: null };
  return { ...common, ...server, dbFilename: null, log: quiet };
}
