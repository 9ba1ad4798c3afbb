import { findFreePort } from '../../src/adapters/temporal/port.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Debian's Prometheus takes about 1 s to be ready; a busy pipeline's machine longer. */
const READY_WITHIN_MS = 30_000;

/** One series of an instant query: its labels, and its value as Prometheus spells it. */
export interface InstantSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [atSeconds: number, value: string];
}

/** A real Prometheus in a folder of its own, on a free port of loopback. */
export class PrometheusProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts it with a configuration, and waits until it answers. @throws Error if it does not. */
  static async start(program: string, config: object): Promise<PrometheusProcess> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'paramedic-prometheus-'));
    const file = path.join(folder, 'prometheus.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config));
    const port = await findFreePort();
    const child = spawn(
      program,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const started = new PrometheusProcess(`http://127.0.0.1:${port}`, child, folder);
    const untilMs = Date.now() + READY_WITHIN_MS;
    while (Date.now() < untilMs) {
      const isReady = await fetch(`${started.url}/-/ready`).then(
        (response) => response.ok,
        () => false,
      );
      if (isReady) return started;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await started.stop();
    throw new Error(`Prometheus was not ready within ${READY_WITHIN_MS / 1000} s`);
  }

  /** The value of an expression now. @throws Error with Prometheus' own words. */
  async instant(expression: string): Promise<readonly InstantSample[]> {
    const url = new URL('/api/v1/query', this.url);
    url.searchParams.set('query', expression);
    const reply = await fetch(url);
    const body = (await reply.json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly InstantSample[] };
    };
    if (body.data === undefined) throw new Error(`${expression}: ${body.error ?? reply.status}`);
    return body.data.result;
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
