import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { findFreePort } from '../src/adapters/temporal/port.js';
import { readPidFiles } from '../src/local-stack/pid-files.js';
import { projectRoot } from '../src/local-stack/project-root.js';

const PROGRAM = path.join(projectRoot(), 'bin/paramedic');
const FLEET = fileURLToPath(new URL('./scaling-fleet.js', import.meta.url));
const UP_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 60_000;

/** How large it is. */
export interface ScalingSize {
  readonly detectors: number;
  readonly copies: number;
  readonly workers: number;
  readonly services: number;
  readonly replicasPerService: number;
  readonly illPerService: number;
  readonly scrapeInterval: string;
  readonly window: string;
}

/** The stack of the scaling bench: real processes, on free ports, in a folder of its own. */
export class ScalingStack {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'paramedic-scaling-'));
  readonly #dataDir = path.join(this.folder, 'data');
  readonly #config = path.join(this.folder, 'paramedic.yaml');
  readonly #children: ChildProcess[] = [];
  readonly #named = new Map<string, number>();
  #fleet: ChildProcess | undefined;
  #server = '';
  #connection: Connection | undefined;

  constructor(readonly size: ScalingSize) {}

  async start(): Promise<void> {
    // However the bench ends, nothing it started goes on.
    process.on('exit', () => {
      for (const child of this.#children) child.kill('SIGTERM');
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
    const fleet = this.#spawn('fleet', [FLEET], 'pipe');
    this.#fleet = fleet;
    const port = Number(await said(fleet, /^(\d+)$/m));
    const [temporal, ui, server] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    const shards = [];
    for (let i = 0; i < this.size.detectors; i += 1) shards.push({ port: await findFreePort() });
    this.#server = `http://127.0.0.1:${server}`;
    writeFileSync(
      this.#config,
      // JSON is YAML.
      JSON.stringify({
        dataDir: this.#dataDir,
        temporal: { port: temporal, uiPort: ui },
        server: { port: server },
        detector: {
          ...{ shards, copies: this.size.copies, scrapeInterval: this.size.scrapeInterval },
          ...{ scrapeTimeout: '10s', sliWindow: '30s', longestSliWindow: '60s' },
        },
        services: this.#services(`http://127.0.0.1:${port}`),
        thresholds: [
          {
            ...{ metric: 'request_latency_p95', target: 200, tolerance: '25%' },
            window: this.size.window,
          },
        ],
        slos: [],
      }),
    );
    const launcher = this.#spawn('launcher', [PROGRAM, '--config', this.#config, 'start']);
    await said(launcher, /paramedic is up after/);
    for (let n = 2; n <= this.size.workers; n += 1) {
      const worker = this.#spawn(`worker-${n}`, [PROGRAM, 'worker', '--config', this.#config]);
      await said(worker, /"ready":true/);
    }
    this.#connection = await Connection.connect({ address: `127.0.0.1:${temporal}` });
  }

  /** Makes the ill replicas slow, or mends them. */
  makeSlow(isSlow: boolean): void {
    this.#fleet?.stdin?.write(isSlow ? 'ill\n' : 'well\n');
  }

  get client(): Client {
    if (this.#connection === undefined) throw new Error('start it first');
    return new Client({ connection: this.#connection, namespace: 'paramedic' });
  }

  /** A GET of the API; JSON where it is. */
  async get(resource: string): Promise<string> {
    const reply = await fetch(`${this.#server}${resource}`);
    if (!reply.ok) throw new Error(`${resource} answered ${reply.status}`);
    return reply.text();
  }

  /** All its processes but the launcher and the fleet, by name. */
  processes(): ReadonlyMap<string, number> {
    const named = readPidFiles(this.#dataDir).map(({ name, pid }) => [name, pid] as const);
    const more = [...this.#named].filter(([name]) => name.startsWith('worker-'));
    return new Map([...named, ...more].filter(([name]) => name !== 'launcher'));
  }

  /** What the detectors logged, as objects. */
  detectorLogs(): readonly Readonly<Record<string, unknown>>[] {
    const folder = path.join(this.#dataDir, 'log');
    const files = readdirSync(folder).filter((file) => file.startsWith('detector-'));
    return files.flatMap((file) =>
      readFileSync(path.join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
  }

  /** Ends all of it, last started first, and removes its folder. */
  async stop(): Promise<void> {
    await this.#connection?.close();
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #services(metrics: string) {
    const { services, replicasPerService, illPerService } = this.size;
    return Array.from({ length: services }, (_, s) => ({
      name: `service-${s}`,
      replicas: Array.from({ length: replicasPerService }, (__, r) => ({
        name: `engine-${r}`,
        url: metrics,
        metrics: `${metrics}/${r < illPerService ? 'ill' : 'well'}/${s}/${r}`,
      })),
    }));
  }

  #spawn(name: string, args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore') {
    const env = { ...process.env, PARAMEDIC_DATA_DIR: this.#dataDir, TEMPORAL_ADDRESS: '' };
    const child = spawn(process.execPath, args, { stdio: [stdin, 'pipe', 'inherit'], env });
    this.#children.push(child);
    if (child.pid !== undefined) this.#named.set(name, child.pid);
    return child;
  }
}

/** Waits for what a process says; what it says after that is read and dropped. */
function said(child: ChildProcess, what: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`not up in time:\n${text}`)), UP_WITHIN_MS);
    child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${text}`)));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (text === '\0') return;
      text += chunk;
      const found = what.exec(text);
      if (found === null) return;
      clearTimeout(timer);
      text = '\0';
      resolve(found[1] ?? found[0]);
    });
  });
}
