import { accessSync, constants, existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { detectorPlaces } from '../config/detectors.js';
import { ConfigError, loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { DetectorStatus } from '../server/detector-client.js';
import { apiOf } from './api.js';
import { probeMetrics } from './probe.js';
import { print, printJson } from './table.js';

/** One thing that was looked at; `mend` says how to mend it. */
interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  readonly mend?: string;
}

const CONNECT_WITHIN_MS = 2_000;

/**
 * `paramedic doctor`: what is reachable, what is measurable, what is misconfigured, and how to mend it.
 * 0 when nothing fails, 1 otherwise.
 */
export async function runDoctor(configPath: string, options: { json?: boolean }): Promise<number> {
  const findings = await examine(configPath);
  const code = findings.some(({ state }) => state === 'fail') ? 1 : 0;
  if (options.json === true) {
    printJson({ healthy: code === 0, findings });
    return code;
  }
  for (const { what, state, text, mend } of findings) {
    print(`${state.padEnd(4)}  ${what}: ${text}`);
    if (mend !== undefined) print(`      → ${mend}`);
  }
  return code;
}

async function examine(configPath: string): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(configPath);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, path: at, message }) => ({
      what: `${configPath}:${line} ${at}`.trim(),
      state: 'fail',
      text: message,
      mend: 'config/example.yaml has every key with its default',
    }));
  }
  const what = 'configuration';
  const found: Finding[] = [{ what, state: 'ok', text: `${configPath} is valid` }];
  if (config.services.length === 0) {
    const mend = 'name your engines under services, or let `paramedic init` write a file';
    found.push({ what, state: 'warn', text: 'no services: nothing is watched', mend });
  }
  found.push(
    folderOf(config),
    ...detectorsOf(config),
    ...actuatorsOf(config),
    ...(await enginesOf(config)),
  );
  found.push(await temporalOf(config), ...(await serverOf(configPath)));
  return found;
}

function folderOf({ dataDir }: Config): Finding {
  const folder = existsSync(dataDir) ? dataDir : path.dirname(path.resolve(dataDir));
  try {
    accessSync(folder, constants.W_OK);
    return { what: 'dataDir', state: 'ok', text: `${dataDir} can be written` };
  } catch {
    const mend = 'give the user that runs paramedic the right to write there, or set dataDir';
    return { what: 'dataDir', state: 'fail', text: `${dataDir} can’t be written`, mend };
  }
}

/** Which of several detectors watches what. */
function detectorsOf(config: Config): Finding[] {
  if (config.detector.shards === undefined) return [];
  return detectorPlaces(config).map(({ name, isOwn }) => {
    const own = config.services.filter((service) => isOwn(service.name));
    if (own.length > 0) {
      const text = `watches ${own.map((service) => service.name).join(', ')}`;
      return { what: name, state: 'ok', text };
    }
    const mend = 'a service is never split: list fewer detectors, or leave it for what is to come';
    return { what: name, state: 'warn', text: 'no service falls to it', mend };
  });
}

/** What no recovery could do, since nothing is named that does it. */
function actuatorsOf({ services }: Config): Finding[] {
  return services.flatMap((service) => {
    const lacking = (['loadBalancer', 'engine', 'supervisor'] as const).filter(
      (key) => service[key] === undefined,
    );
    if (lacking.length === 0) return [];
    const text = `no ${lacking.join(', no ')}: the actions that need it are refused`;
    const mend = 'docs/configuration.md says which actuator does what';
    return [{ what: `service ${service.name}`, state: 'warn', text, mend } as const];
  });
}

async function enginesOf({ services }: Config): Promise<Finding[]> {
  const urls = services.flatMap((service) => [
    ...service.replicas.map(({ name, url, metrics }) => ({
      what: `${service.name}/${name}`,
      url: metrics ?? `${url.replace(/\/+$/, '')}/metrics`,
      kind: 'engine' as const,
    })),
    ...service.metrics.map(({ url }) => ({ what: service.name, url, kind: 'gateway' as const })),
  ]);
  return Promise.all(
    urls.map(async ({ what, url, kind }): Promise<Finding> => {
      const { isUp, text } = await probeMetrics(url, kind);
      if (isUp) return { what, state: 'ok', text: `${url}: ${text}` };
      const mend = 'is it running, and reachable from here? is the address right?';
      return { what, state: 'fail', text: `${url} ${text}`, mend };
    }),
  );
}

async function temporalOf({ temporal }: Config): Promise<Finding> {
  const named = process.env['TEMPORAL_ADDRESS'] || temporal.address;
  const address = named ?? `127.0.0.1:${temporal.port}`;
  const what = 'Temporal';
  if (await accepts(address)) return { what, state: 'ok', text: `${address} accepts connections` };
  const text = `${address} accepts no connection`;
  if (named === undefined) {
    return { what, state: 'warn', text, mend: '`paramedic start` runs it: is that running?' };
  }
  return { what, state: 'fail', text, mend: 'is temporal.address (or TEMPORAL_ADDRESS) right?' };
}

function accepts(address: string): Promise<boolean> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  return new Promise((resolve) => {
    const socket = net.connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
    const end = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(CONNECT_WITHIN_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

async function serverOf(configPath: string): Promise<Finding[]> {
  let status: { health: { problems: readonly string[] }; detector: DetectorStatus | null };
  const what = 'server';
  try {
    status = (await apiOf(configPath).get('/v1/status')) as typeof status;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ what, state: 'warn', text, mend: 'what is measured is known once it runs' }];
  }
  const found: Finding[] = [{ what, state: 'ok', text: 'answers' }];
  for (const text of status.health.problems) found.push({ what, state: 'fail', text });
  for (const { threshold, service, status: state, text } of status.detector?.coverage ?? []) {
    const isFine = state === 'measurable';
    found.push({ what: `${threshold} of ${service}`, state: isFine ? 'ok' : 'warn', text });
  }
  return found;
}
