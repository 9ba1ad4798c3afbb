import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ReadyEvent } from '../../fleet/supervisor/supervisor.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A running fleet of a test. */
export interface TestFleet {
  readonly ready: ReadyEvent;
  readonly stateDir: string;
  readonly process: ChildProcess;
  /** SIGTERM to the supervisor; resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

/** An answer of the admin API. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * Builds fleet/ into a folder of this process, inside the checkout so that packages resolve, and
 * apart from dist/, which another build may be replacing. The caller removes it.
 */
export async function buildFleet(): Promise<string> {
  const outdir = path.join(root, '.paramedic', `test-fleet-${process.pid}`);
  mkdirSync(outdir, { recursive: true });
  const entryPoints = readdirSync(path.join(root, 'fleet'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(root, 'fleet', file));
  await build({
    entryPoints,
    outdir,
    outbase: path.join(root, 'fleet'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  return outdir;
}

/** Runs the fleet's program with arguments; resolves to its first line, or to how it failed. */
export function runFleet(
  folder: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; line: string; errors: string; code: number | null }> {
  const child = spawn(process.execPath, [path.join(folder, 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let line = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  return new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      line += chunk;
      if (line.includes('\n')) resolve({ child, line, errors, code: null });
    });
    child.once('close', (code) => resolve({ child, line, errors, code }));
  });
}

/** Starts a fleet on free ports. `stateDir` continues an earlier one. */
export async function startTestFleet(
  folder: string,
  args: readonly string[],
  stateDir = mkdtempSync(path.join(tmpdir(), 'fleet-')),
): Promise<TestFleet> {
  const ports = ['engine-port-base', 'gateway-port', 'runtime-port', 'supervisor-port'];
  const free = ports.flatMap((name) => [`--${name}`, '0']);
  const started = await runFleet(folder, [...free, '--state-dir', stateDir, ...args]);
  if (started.code !== null) throw new Error(`the fleet did not start: ${started.errors}`);
  const { child } = started;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    ready: JSON.parse(started.line) as ReadyEvent,
    stateDir,
    process: child,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Removes what `buildFleet` or a state directory left. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Calls the supervisor's admin API. */
export async function admin(
  fleet: TestFleet,
  method: 'GET' | 'POST' | 'DELETE',
  resource: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(fleet.ready.supervisor.url + resource, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Sends a line to the gateway's runtime port. */
export function runtime(fleet: TestFleet, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const { host, port } = fleet.ready.gateway.runtime;
    const socket = connect(port, host, () => socket.write(`${line}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(received));
  });
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks until the answer satisfies, or throws after `forMs` with the last one. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  satisfies: (value: Value) => boolean,
  forMs: number,
): Promise<Value> {
  const deadlineMs = Date.now() + forMs;
  for (;;) {
    const value = await ask();
    if (satisfies(value)) return value;
    if (Date.now() > deadlineMs) {
      throw new Error(`not so within ${forMs} ms; last seen: ${JSON.stringify(value)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
