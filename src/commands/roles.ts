import { startDetector } from '../compose/detector-role.js';
import { runRole } from '../compose/role.js';
import { startServer } from '../compose/server-role.js';
import { startWorker } from '../compose/worker-role.js';
import { choosePlace } from '../config/detectors.js';
import { loadConfig } from '../config/load.js';
import type { ShardPlace } from '../domain/shards.js';

const ROLES = { worker: startWorker, server: startServer };

/** Runs one role until it is stopped; returns the exit code. */
export function runNamedRole(role: keyof typeof ROLES, configPath: string): Promise<number> {
  return runRole(role, configPath, ROLES[role]);
}

/**
 * The same for the detector, or one of several.
 *
 * @throws Error for a place that is none of the configuration's.
 */
export function runDetector(configPath: string, shard: ShardPlace | undefined): Promise<number> {
  const place = choosePlace(loadConfig(configPath), shard);
  return runRole('detector', configPath, (role) => startDetector(role, place));
}
