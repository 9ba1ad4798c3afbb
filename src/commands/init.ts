import { existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError } from 'commander';
import { parseConfig } from '../config/load.js';
import { probeMetrics } from './probe.js';
import { print } from './table.js';

/** What `paramedic init` was given. */
export interface InitOptions {
  readonly engine?: readonly string[];
  readonly gateway?: string;
  readonly service: string;
  readonly output: string;
  readonly force?: boolean;
}

/**
 * `paramedic init`: asks for the engines (or takes `--engine`), probes them, and writes a commented
 * configuration that starts. 1 when an engine does not answer: the file is written nevertheless.
 *
 * @throws Error for a file that is there already, unless forced.
 */
export async function initConfig(options: InitOptions): Promise<number> {
  const { output, service } = options;
  if (existsSync(output) && options.force !== true) {
    throw new Error(`${output} is there already: name another --output, or --force`);
  }
  const asked = options.engine === undefined ? await ask() : undefined;
  const engines = (options.engine ?? asked?.engines ?? []).map((url) => checkedUrl(url));
  const given = options.gateway ?? asked?.gateway;
  const gateway = given === undefined || given === '' ? undefined : checkedUrl(given);
  if (engines.length === 0) {
    throw new InvalidArgumentError(
      'expected at least one --engine URL, e.g. http://127.0.0.1:8000',
    );
  }
  const metrics = (url: string) => (new URL(url).pathname === '/' ? `${url}/metrics` : url);
  const probes = await Promise.all([
    ...engines.map((url) => probeMetrics(`${url}/metrics`, 'engine')),
    ...(gateway === undefined ? [] : [probeMetrics(metrics(gateway), 'gateway')]),
  ]);
  for (const { url, isUp, text } of probes) print(`${isUp ? 'ok  ' : 'FAIL'}  ${url} ${text}`);
  const yaml = configText(service, engines, gateway && metrics(gateway));
  // What is written must start: better refused here than at night.
  parseConfig(yaml, output, {});
  writeFileSync(output, yaml, { flag: options.force === true ? 'w' : 'wx' });
  print(`\n${output} is written: every action only suggests until you say \`auto\`.`);
  print(
    `Next:\n  bin/paramedic --config ${output} doctor\n  bin/paramedic --config ${output} start`,
  );
  return probes.every(({ isUp }) => isUp) ? 0 : 1;
}

async function ask(): Promise<{ engines: string[]; gateway: string }> {
  if (!process.stdin.isTTY) {
    throw new InvalidArgumentError('name your engines: --engine URL, once for each');
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const engines = await lines.question('URLs of the engines (separated by spaces): ');
    const gateway = await lines.question('Metrics of the gateway (URL; empty for none): ');
    return {
      engines: engines.split(/[\s,]+/).filter((url) => url !== ''),
      gateway: gateway.trim(),
    };
  } finally {
    lines.close();
  }
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError(`expected a URL like "http://127.0.0.1:8000", got "${text}"`);
  }
  return text.replace(/\/+$/, '');
}

function configText(service: string, engines: readonly string[], gateway?: string): string {
  // JSON is YAML: nothing in a name or a URL can change the file’s structure.
  const q = (text: string) => JSON.stringify(text);
  const named = engines.map((url, i) => ({ name: `engine-${i + 1}`, url }));
  return `# Written by \`paramedic init\`. Every key: docs/configuration-keys.md.
environment: production
# Temporal's database, the archive, snapshots and logs.
dataDir: .paramedic

# The API and the dashboards; other addresses need tokens (docs/security.md).
server: { host: 127.0.0.1, port: 2242 }

actuators:
  # Cache resets and health, by the engines' own HTTP API.
  engines:
    kind: engine
    replicas:
${named.map(({ name, url }) => `      ${name}: ${q(url)}`).join('\n')}
  # To move load, add your HAProxy (docs/configuration.md), and name it below:
  # gateway: { kind: haproxy, address: '127.0.0.1:9999' }

services:
  - name: ${q(service)}
    replicas:
${named.map(({ name, url }) => `      - { name: ${name}, url: ${q(url)} }`).join('\n')}
${gateway === undefined ? '    # metrics: [{ url: http://127.0.0.1:8404/metrics, role: gateway }]' : `    metrics:\n      - { url: ${q(gateway)}, role: gateway }`}
    engine: { actuator: engines }
    # loadBalancer: { actuator: gateway, backend: engines }

# Seven thresholds and availability are in force by default; name others here (docs/configuration.md).

recovery:
  # What each action may do unasked: observe, suggest, approve (asks first) or auto.
  autonomy:
    cache_invalidation: suggest
    load_balancer_adjust: suggest
    traffic_routing: suggest
    scale_resources: suggest
    circuit_breaker_open: suggest
    health_check_reset: suggest
    restart_service: suggest
    deployment_rollback: suggest
`;
}
