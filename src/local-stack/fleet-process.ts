import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseLogLine } from './log-line.js';
import { projectRoot } from './project-root.js';
import { type RunningProcess, startProcess, type StartHooks } from './running-process.js';
import type { FleetSettings } from './start-settings.js';

/** Engines are up in about a second each; a loaded machine needs more. */
const READY_WITHIN_MS = 30_000;

/**
 * Starts the reference fleet (engines, gateway, supervisor, load) as one group of processes and
 * waits until it serves. Its state (which releases run, the gateway's admin log) is under
 * `stateDir`, so that a restart continues it.
 *
 * @throws Error with its last words if it doesn't come up.
 */
export function startFleet(
  fleet: FleetSettings,
  stateDir: string,
  onLine: (line: string) => void,
  hooks: StartHooks,
): Promise<RunningProcess> {
  mkdirSync(stateDir, { recursive: true });
  return startProcess(
    {
      command: process.execPath,
      args: [path.join(projectRoot(), 'dist/fleet/main.js'), ...fleetArguments(fleet, stateDir)],
      env: { ...process.env, PARAMEDIC_PARENT: '1' },
      onLine,
      isReady: (line) => parseLogLine(line)?.['event'] === 'ready',
      readyWithinMs: READY_WITHIN_MS,
    },
    hooks,
  );
}

function fleetArguments(fleet: FleetSettings, stateDir: string): string[] {
  const flags: [string, string | number | undefined][] = [
    ['--replicas', fleet.replicas],
    ['--engine-port-base', fleet.enginePortBase],
    ['--gateway-port', fleet.gatewayPort],
    ['--runtime-port', fleet.runtimePort],
    ['--supervisor-port', fleet.supervisorPort],
    ['--state-dir', stateDir],
    ['--seed', fleet.seed],
    ['--load-rps', fleet.loadRps],
  ];
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, `${value}`]));
}

/** The fleet in words for the progress. */
export function fleetAddresses({ replicas, gatewayPort }: FleetSettings): string {
  return `${replicas} engines, gateway 127.0.0.1:${gatewayPort}`;
}
