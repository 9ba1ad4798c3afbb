import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { z } from 'zod';

const MAIN = path.resolve(import.meta.dirname, '../../../dist/fleet/main.js');

const readyEvent = z.object({
  event: z.literal('ready'),
  gateway: z.object({
    url: z.string(),
    runtime: z.object({ port: z.number(), socket: z.string() }),
  }),
  supervisor: z.object({ url: z.string() }),
  replicas: z.array(z.object({ name: z.string(), url: z.string(), pid: z.number() })),
});

/** A running reference fleet without load. */
export interface FleetProcess extends z.output<typeof readyEvent> {
  /** Injects one of the fleet's faults. */
  inject(fault: string, replica: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the reference fleet from dist/, which the tests' global setup builds. */
export async function startFleet(
  replicas: number,
  flags: readonly string[] = [],
): Promise<FleetProcess> {
  if (!existsSync(MAIN)) throw new Error('dist/fleet is missing; run: node scripts/build.mjs');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'paramedic-fleet-'));
  const socket = path.join(folder, 'runtime.sock');
  const anyPort = ['engine-port-base', 'gateway-port', 'runtime-port', 'supervisor-port'];
  const child = spawn(
    process.execPath,
    [
      MAIN,
      ...anyPort.flatMap((flag) => [`--${flag}`, '0']),
      ...['--replicas', String(replicas), '--runtime-socket', socket],
      ...['--state-dir', path.join(folder, 'state'), '--load-ms', '30'],
      ...['--no-load', '--exit-with-stdin'],
      ...flags,
    ],
    // The fleet ends with its standard input, also if this process is killed.
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  const firstLine = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the fleet ended with ${String(code)}`)));
  });
  try {
    const ready = readyEvent.parse(JSON.parse(await firstLine));
    return {
      ...ready,
      async inject(fault, replica) {
        const reply = await request(`${ready.supervisor.url}/v1/faults`, {
          method: 'POST',
          body: JSON.stringify({ fault, replica }),
        });
        const text = await reply.body.text();
        if (reply.statusCode !== 200) throw new Error(`fault ${fault}: ${text}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
