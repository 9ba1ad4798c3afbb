import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { findFreePort } from '../adapters/temporal/port.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { exitWithParent } from '../local-stack/parent-watch.js';
import { createLogger, temporalLogger } from '../logging.js';
import { createTelemetry, type Telemetry, type TelemetryRole } from '../telemetry.js';
import { packageVersion } from './version.js';

/** What every role has. */
export interface Role {
  readonly config: Config;
  /** Its file, for what loads it by itself. */
  readonly configPath: string;
  /** The configuration as it is in its file now. @throws ConfigError like at the start. */
  readonly reload: () => Config;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Where Temporal's SDK exports its metrics, in roles that have workers. */
  readonly sdkMetricsUrl?: string | undefined;
}

/** A part that runs until it is stopped. */
export interface Running {
  /** Ends in order; resolves when all is at rest. */
  stop(): Promise<void>;
}

/**
 * Runs a role until a signal: loads the configuration, starts it, says `ready`, and stops it in order.
 * Returns the exit code.
 *
 * @throws ConfigError for a configuration that can't be used.
 */
export async function runRole(
  role: TelemetryRole,
  configPath: string,
  start: (role: Role) => Promise<Running>,
): Promise<number> {
  exitWithParent();
  const load = (): Config => {
    const loaded = loadConfig(configPath);
    // The launcher resolves it, so that its roles agree wherever they run.
    return { ...loaded, dataDir: process.env['PARAMEDIC_DATA_DIR'] || loaded.dataDir };
  };
  const config = load();
  const log = createLogger({ role, level: config.logLevel });
  // A port of its own is all that the SDK offers; only this process asks there, so any will do.
  const sdkAddress = role === 'worker' ? `127.0.0.1:${await findFreePort()}` : undefined;
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: [],
    ...(sdkAddress === undefined ? {} : { telemetryOptions: sdkTelemetry(sdkAddress) }),
  });
  const sdkMetricsUrl = sdkAddress === undefined ? undefined : `http://${sdkAddress}/metrics`;
  const telemetry = createTelemetry({ role, version: packageVersion() });
  const stopped = new Promise<string>((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
  });
  try {
    const running = await start({
      config,
      configPath,
      reload: load,
      log,
      telemetry,
      sdkMetricsUrl,
    });
    log.info({ ready: true }, 'ready');
    log.info({ signal: await stopped }, 'stopping');
    await running.stop();
    return 0;
  } catch (error) {
    log.error(
      { err: error },
      `${role} could not start: ${error instanceof Error ? error.message : String(error)}`,
    );
    return 1;
  } finally {
    telemetry.close();
  }
}

/** Names as Prometheus wants them: seconds, and `_total`. */
function sdkTelemetry(bindAddress: string) {
  const names = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  return { metrics: { prometheus: { bindAddress, ...names } } };
}

/** Base of links into Temporal's UI. */
export function temporalUi(config: Config): string {
  const base = process.env['TEMPORAL_UI_URL'] || `http://127.0.0.1:${config.temporal.uiPort}`;
  return `${base}/namespaces/${config.temporal.namespace}`;
}
