import { parseArgs } from 'node:util';

/** What the command line sets. Ports of 0 are picked by the system. */
export interface FleetOptions {
  readonly replicas: number;
  /** Engine n listens on this plus n. */
  readonly enginePortBase: number;
  readonly gatewayPort: number;
  readonly runtimePort: number;
  readonly runtimeSocket: string | undefined;
  readonly supervisorPort: number;
  readonly stateDir: string;
  readonly seed: number;
  /** Requests per second of the load generator. */
  readonly loadRps: number;
  readonly hasLoad: boolean;
  /** Whether crashed engines are started again. */
  readonly restartsCrashed: boolean;
  /** Engines' conditional endpoints. */
  readonly devMode: boolean;
  /** Time an engine takes to load its weights, milliseconds. */
  readonly loadMs: number;
  /** Stops when standard input ends: for parents that cannot keep an IPC channel. */
  readonly exitsWithStdin: boolean;
}

function whole(flag: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${flag}: expected a whole number from ${low} to ${high}, got "${text}"`);
  }
  return value;
}

/** Largest number of engines of one fleet, at the start and by scaling. */
export const maxReplicas = 16;

/** Reads the command line; throws `RangeError` or `TypeError` with a message for people. */
export function parseOptions(args: readonly string[]): FleetOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      replicas: { type: 'string', default: '3' },
      'engine-port-base': { type: 'string', default: '18100' },
      'gateway-port': { type: 'string', default: '18080' },
      'runtime-port': { type: 'string', default: '18081' },
      'runtime-socket': { type: 'string' },
      'supervisor-port': { type: 'string', default: '18090' },
      'state-dir': { type: 'string', default: '.paramedic/fleet' },
      seed: { type: 'string', default: '7' },
      'load-rps': { type: 'string', default: '72' },
      'no-load': { type: 'boolean', default: false },
      'no-auto-restart': { type: 'boolean', default: false },
      'no-dev-mode': { type: 'boolean', default: false },
      'load-ms': { type: 'string', default: '500' },
      'exit-with-stdin': { type: 'boolean', default: false },
    },
  });
  return {
    replicas: whole('--replicas', values.replicas, 1, maxReplicas),
    enginePortBase: whole('--engine-port-base', values['engine-port-base'], 0, 65_000),
    gatewayPort: whole('--gateway-port', values['gateway-port'], 0, 65_535),
    runtimePort: whole('--runtime-port', values['runtime-port'], 0, 65_535),
    runtimeSocket: values['runtime-socket'],
    supervisorPort: whole('--supervisor-port', values['supervisor-port'], 0, 65_535),
    stateDir: values['state-dir'],
    seed: whole('--seed', values.seed, 0, 0xffff_ffff),
    loadRps: whole('--load-rps', values['load-rps'], 0, 2000),
    hasLoad: !values['no-load'],
    restartsCrashed: !values['no-auto-restart'],
    devMode: !values['no-dev-mode'],
    loadMs: whole('--load-ms', values['load-ms'], 0, 60_000),
    exitsWithStdin: values['exit-with-stdin'],
  };
}
