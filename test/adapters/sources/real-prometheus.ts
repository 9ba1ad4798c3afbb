import { existsSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { PrometheusProcess } from '../../support/prometheus.js';

const BINARY = ['/usr/bin/prometheus', '/usr/local/bin/prometheus'].find(existsSync);

/** A real Prometheus for one test that scrapes `targets` (replica by address) each 200 ms; its origin. */
export async function startPrometheus(targets: Readonly<Record<string, string>>): Promise<string> {
  if (BINARY === undefined) {
    throw new Error('this test needs Prometheus: apt-get install -y prometheus');
  }
  const jobs = Object.entries(targets).map(([address, replica]) => ({
    targets: [address],
    labels: { replica },
  }));
  const scrape = { job_name: 'engines', scrape_interval: '200ms', static_configs: jobs };
  const prometheus = await PrometheusProcess.start(BINARY, { scrape_configs: [scrape] });
  onTestFinished(() => prometheus.stop());
  return prometheus.url;
}
