import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { readLines, runtimeEndpoint } from '../../../src/adapters/actuators/haproxy-protocol.js';
import type { ConfiguredServer } from './load-balancer-contract.js';
import { startUpstream } from './upstream.js';

const CONFIG = path.resolve(import.meta.dirname, '../../../integrations/haproxy/haproxy.cfg');

/** A real HAProxy with the configuration that operators are given, its ports and paths replaced. */
export interface HaproxyProcess {
  readonly socket: string;
  readonly tcp: string;
  readonly maps: Readonly<Record<'routing' | 'circuit', string>>;
  /** `r1` and `r2`; the configuration's `r3` is the spare one. */
  readonly servers: readonly [ConfiguredServer, ConfiguredServer];
  readonly spareAddress: string;
  /** Base URL of the frontend. */
  readonly url: string;
  readonly metricsUrl: string;
  /** Saves the state as the configuration's comment says, and reloads; resolves when it has. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Replaces each text, all of which must be there: the example may not drift from the test. */
function substitute(config: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${CONFIG} does not contain ${from}`);
    return text.replaceAll(from, to);
  }, config);
}

/** Starts HAProxy in a folder of its own, with `edit` applied to the configuration. */
export async function startHaproxy(
  program: string,
  edit: (config: string) => string = (config) => config,
): Promise<HaproxyProcess> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'paramedic-haproxy-'));
  const upstreams = await Promise.all(['r1', 'r2', 'spare'].map(startUpstream));
  const [first, second, spare] = upstreams;
  if (first === undefined || second === undefined || spare === undefined) throw new Error('three');
  const [tcpPort, frontPort, metricsPort] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const maps = {
    routing: path.join(folder, 'maps/routing.map'),
    circuit: path.join(folder, 'maps/circuit.map'),
  };
  mkdirSync(path.join(folder, 'maps'));
  for (const file of Object.values(maps)) writeFileSync(file, '');
  const stateFile = path.join(folder, 'server-state');
  writeFileSync(stateFile, '1\n');
  const config = substitute(readFileSync(CONFIG, 'utf8'), {
    '/run/haproxy/admin.sock': path.join(folder, 'admin.sock'),
    'ipv4@127.0.0.1:9999': `ipv4@127.0.0.1:${tcpPort}`,
    '/var/lib/haproxy/server-state': stateFile,
    '/etc/haproxy/maps': path.join(folder, 'maps'),
    'bind :8000': `bind 127.0.0.1:${frontPort}`,
    'bind 127.0.0.1:8405': `bind 127.0.0.1:${metricsPort}`,
    '127.0.0.1:2242': first.address,
    '127.0.0.1:2243': second.address,
    '127.0.0.1:2244': spare.address,
  });
  const configFile = path.join(folder, 'haproxy.cfg');
  writeFileSync(configFile, edit(config));

  const socket = path.join(folder, 'admin.sock');
  const endpoint = runtimeEndpoint({ address: socket, timeoutMs: 2_000, reloadGraceMs: 0 });
  const child = spawn(program, ['-W', '-db', '-f', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const killAtExit = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killAtExit);

  const workerPid = async (): Promise<string | undefined> => {
    const isFact = (line: string): boolean => line.includes(':');
    const lines = await readLines(endpoint, 'show info', isFact).catch(() => []);
    return lines.find((line) => line.startsWith('Pid: '));
  };
  const until = async (isSo: () => Promise<boolean>, what: string): Promise<void> => {
    for (const giveUpAtMs = Date.now() + 10_000; Date.now() < giveUpAtMs;) {
      if (await isSo()) return;
      await sleep(20);
    }
    throw new Error(`haproxy: ${what}; it said:\n${output}`);
  };

  const stop = async (): Promise<void> => {
    process.off('exit', killAtExit);
    child.kill('SIGTERM');
    const timer = setTimeout(killAtExit, 3_000);
    await exited;
    clearTimeout(timer);
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => (await workerPid()) !== undefined, 'did not start');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socket,
    tcp: `127.0.0.1:${tcpPort}`,
    maps,
    servers: [
      { name: 'r1', address: first.address },
      { name: 'r2', address: second.address },
    ],
    spareAddress: spare.address,
    url: `http://127.0.0.1:${frontPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    async reload() {
      const before = await workerPid();
      const state = await readLines(endpoint, 'show servers state', () => true);
      writeFileSync(stateFile, `${state.join('\n')}\n`);
      let signalledAtMs = 0;
      await until(async () => {
        // Again each second: the master loses a signal that comes while it executes itself anew.
        if (Date.now() - signalledAtMs > 1_000) {
          signalledAtMs = Date.now();
          child.kill('SIGUSR2');
        }
        const now = await workerPid();
        return now !== undefined && now !== before;
      }, 'did not reload');
    },
    stop,
  };
}
