import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort, scratchFolder } from '../../support/scratch.js';

const BINARY = ['/usr/bin/prometheus', '/usr/local/bin/prometheus'].find(existsSync);

/** A real Prometheus for one test that scrapes `targets` (replica by address) each 200 ms; its origin. */
export async function startPrometheus(targets: Readonly<Record<string, string>>): Promise<string> {
  if (BINARY === undefined) {
    throw new Error('this test needs Prometheus: apt-get install -y prometheus');
  }
  const folder = scratchFolder();
  const config = path.join(folder, 'prometheus.yml');
  const jobs = Object.entries(targets).map(([address, replica]) => ({
    targets: [address],
    labels: { replica },
  }));
  // JSON is YAML.
  const scrape = { job_name: 'engines', scrape_interval: '200ms', static_configs: jobs };
  writeFileSync(config, JSON.stringify({ scrape_configs: [scrape] }));
  const port = await freePort();
  const child = spawn(
    BINARY,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 200; tries += 1) {
    const isReady = await fetch(`${origin}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return origin;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Prometheus was not ready within 10 s');
}
