import { startDetector } from '../compose/detector-role.js';
import { runRole } from '../compose/role.js';
import { startServer } from '../compose/server-role.js';
import { startWorker } from '../compose/worker-role.js';

const ROLES = { detector: startDetector, worker: startWorker, server: startServer };

/** Runs one role until it is stopped; returns the exit code. */
export function runNamedRole(role: keyof typeof ROLES, configPath: string): Promise<number> {
  return runRole(role, configPath, ROLES[role]);
}
