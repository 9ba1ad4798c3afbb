import path from 'node:path';
import { parseLogLine } from './log-line.js';
import { projectRoot } from './project-root.js';
import { type RunningProcess, startProcess, type StartHooks } from './running-process.js';

/** A role of paramedic, and the command that runs it. */
export type Role = 'worker' | 'detector' | 'server';

/** A worker compiles its workflow bundle in 0.8 s; a loaded machine needs more. */
const READY_WITHIN_MS = 30_000;

/** What a role needs to find its configuration and its state. */
export interface RoleSettings {
  readonly configPath: string;
  /** Passed on as `PARAMEDIC_DATA_DIR`, which wins over the configuration's `dataDir`. */
  readonly dataDir: string;
}

/**
 * Starts a role in a process of its own, so that each can die on its own, and waits for the log
 * line with `"ready":true`.
 *
 * @throws Error with its last words if it doesn't come up, e.g. for a bad configuration.
 */
export function startRole(
  role: Role,
  moreArgs: readonly string[],
  { configPath, dataDir }: RoleSettings,
  onLine: (line: string) => void,
  hooks: StartHooks,
): Promise<RunningProcess> {
  return startProcess(
    {
      command: process.execPath,
      args: [path.join(projectRoot(), 'bin/paramedic'), role, '--config', configPath, ...moreArgs],
      env: { ...process.env, PARAMEDIC_PARENT: '1', PARAMEDIC_DATA_DIR: dataDir },
      onLine,
      isReady: (line) => parseLogLine(line)?.['ready'] === true,
      readyWithinMs: READY_WITHIN_MS,
    },
    hooks,
  );
}
