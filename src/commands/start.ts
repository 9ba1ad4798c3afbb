import path from 'node:path';
import { temporalAccess } from '../compose/temporal-access.js';
import { detectorPlaces } from '../config/detectors.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { runLocalStack } from '../local-stack/run-local-stack.js';
import type { StartSettings, TemporalSettings } from '../local-stack/start-settings.js';
import { Terminal } from '../local-stack/terminal.js';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.js';

/** What `paramedic start` was given. */
interface StartOptions {
  readonly configPath: string;
  /** Overrides the configuration's `dataDir`. */
  readonly dataDir?: string | undefined;
}

/**
 * `paramedic start`: Temporal, the reference fleet and the roles on this machine, until Ctrl-C.
 * Returns the exit code; 1 for a start that failed, told on standard output.
 *
 * @throws ConfigError for a configuration that can't be used.
 */
export async function runStart({ configPath, dataDir }: StartOptions): Promise<number> {
  const config = loadConfig(configPath);
  const terminal = new Terminal(process.stdout, process.env);
  return runLocalStack(await startSettings(config, configPath, dataDir, process.env), terminal);
}

/** What the launcher needs of the configuration; relative paths are resolved from where we are. */
export async function startSettings(
  config: Config,
  configPath: string,
  dataDir: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<StartSettings> {
  const { fleet, server, logs } = config;
  return {
    configPath: path.resolve(configPath),
    dataDir: path.resolve(dataDir ?? config.dataDir),
    temporal: await temporalSettings(config, env),
    searchAttributes: SEARCH_ATTRIBUTES,
    fleet: fleet === undefined ? undefined : { ...fleet, loadRps: fleet.loadRps },
    detectors: detectorPlaces(config),
    ...{ server, logs },
  };
}

async function temporalSettings(config: Config, env: NodeJS.ProcessEnv): Promise<TemporalSettings> {
  const { namespace, binary, port, uiPort, address, encryption } = config.temporal;
  // An empty variable is an unset one: CI systems and compose files produce those.
  if (!env['TEMPORAL_ADDRESS'] && address === undefined) {
    const codecPort = encryption?.codecPort;
    return { kind: 'dev-server', binary, namespace, port, uiPort, codecPort };
  }
  const { target } = await temporalAccess(config, env);
  return { kind: 'existing', target, namespace, uiUrl: env['TEMPORAL_UI_URL'] };
}
