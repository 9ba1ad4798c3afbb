import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../../src/config/load.js';
import { describeWithProgram } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const root = path.resolve(import.meta.dirname, '../..');
const text = (name: string): string => readFileSync(path.join(root, name), 'utf8');

const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);
const seconds = z.string().regex(/^\d+s$/);

/**
 * The part of the Compose Specification that the file uses, written from its text: what is not
 * listed is refused, so that a misspelt key can't pass. (`docker compose config` is the real
 * thing, and is asked below where it exists.)
 */
const service = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  restart: z.union([
    z.enum(['no', 'always', 'unless-stopped']),
    z.string().regex(/^on-failure:\d+$/),
  ]),
  init: z.boolean().optional(),
  stop_grace_period: seconds.optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  extra_hosts: z.array(z.string().regex(/^[\w.-]+:[\w.-]+$/)).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w./-]+(:ro)?$/)).optional(),
  networks: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: seconds,
      timeout: seconds,
      start_period: seconds.optional(),
      retries: z.int().positive(),
    })
    .optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition })).optional(),
  security_opt: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
});

const compose = z
  .strictObject({
    name: z.string(),
    'x-role': z.unknown(),
    'x-temporal-database': z.unknown(),
    services: z.record(z.string(), service),
    networks: z.record(z.string(), z.strictObject({ internal: z.boolean() })),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(text('docker-compose.yml'), { merge: true }));

const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('has Temporal on Postgres, its UI, Prometheus, Grafana and the three roles', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'detector',
      'grafana',
      'postgres',
      'prometheus',
      'server',
      'temporal',
      'temporal-schema',
      'temporal-ui',
      'worker',
    ]);
    for (const role of ['detector', 'server', 'worker']) {
      expect(compose.services[role]?.command).toEqual([role, '--config', '/etc/paramedic.yaml']);
    }
  });

  it.each(services)('%s: runs a pinned version', (_name, { image }) => {
    expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.]+)?$/);
  });

  it.each(services)('%s: publishes its ports on loopback only', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('%s: waits only for services that can satisfy it', (_name, { depends_on }) => {
    for (const [other, { condition: awaited }] of Object.entries(depends_on ?? {})) {
      const target = compose.services[other];
      expect(target, other).toBeDefined();
      if (awaited === 'service_healthy') expect(target?.healthcheck, other).toBeDefined();
      // One that restarts for ever never completes.
      if (awaited === 'service_completed_successfully') {
        expect(target?.restart).toMatch(/^on-failure:/);
      }
    }
  });

  it.each(services)('%s: mounts what exists and joins what is declared', (_name, given) => {
    for (const mount of given.volumes ?? []) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('.')) expect(existsSync(path.join(root, source)), source).toBe(true);
      else expect(compose.volumes).toHaveProperty(source);
    }
    for (const network of given.networks ?? []) {
      if (network !== 'default') expect(compose.networks).toHaveProperty(network);
    }
  });

  it('gives two services never the same host port', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':')[1]));
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('holds no password, and asks for the one that it needs', () => {
    const passwords = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([key]) => /PASSWORD|PWD/.test(key)),
    );
    expect(passwords).toHaveLength(3);
    for (const [, value] of passwords) expect(value).toMatch(/^\$\{POSTGRES_PASSWORD:\?.+\}$/);
  });

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  it.runIf(hasCompose)('is accepted by docker compose', () => {
    const env = { ...process.env, POSTGRES_PASSWORD: 'any', ...SECRETS };
    execFileSync('docker', ['compose', 'config', '--quiet'], { cwd: root, env });
  });
});

const SECRETS = { PARAMEDIC_ADMIN_SHA256: 'a'.repeat(64), PARAMEDIC_INTERNAL_TOKEN: 'any' };

describe('docker/paramedic.yaml', () => {
  it('is a valid configuration of what the compose file runs', () => {
    const config = parseConfig(text('docker/paramedic.yaml'), 'paramedic.yaml', {
      PARAMEDIC_ADMIN_SHA256: 'a'.repeat(64),
    });
    expect(config.temporal.address).toBe('temporal:7233');
    expect(config.dataDir).toBe('/data');
    expect(config.fleet).toBeUndefined();
    // Health check and published port are about this one.
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 2242 });
    const targets = text('docker/prometheus.yml');
    expect(targets).toContain(`server:${config.server.port}`);
    // It has the other roles' figures as well: scraped too, they would count twice.
    expect(targets).not.toContain('detector:');
    for (const [rule] of targets.matchAll(/(?<=\/rules\/).+$/gm)) {
      expect(existsSync(path.join(root, 'integrations/prometheus', rule)), rule).toBe(true);
    }
  });
});

describe('Dockerfile', () => {
  const lines = text('Dockerfile').split('\n');

  it('builds on pinned images and ends as an ordinary user', () => {
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(bases).toHaveLength(2);
    for (const base of bases)
      expect(base).toMatch(/^FROM node:20\.\d+\.\d+-bookworm-slim( AS \w+)?$/);
    expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
  });

  it('copies only what exists and what .dockerignore lets in', () => {
    const allowed = text('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const file of copied) {
      expect(allowed).toContain(file);
      expect(existsSync(path.join(root, file)), file).toBe(true);
    }
  });
});

describeWithProgram('promtool', 'docker/prometheus.yml', (promtool) => {
  it('is accepted by promtool', () => {
    const file = path.join(scratchFolder(), 'prometheus.yml');
    // Where the compose file mounts them.
    const rules = path.join(root, 'integrations/prometheus');
    const here = text('docker/prometheus.yml').replaceAll('/etc/prometheus/rules', rules);
    writeFileSync(file, here);
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'config', file]);
    expect(status, `${stdout.toString()}${stderr.toString()}`).toBe(0);
  });
});
