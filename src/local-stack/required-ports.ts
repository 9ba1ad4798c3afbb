import { assertPortFree, PortBusyError } from '../adapters/temporal/port.js';
import type { StartSettings } from './start-settings.js';

/** A port that will be listened on, and the setting that moves it. */
export interface RequiredPort {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/** Every port that the stack is going to listen on, in the order of the configuration file. */
export function requiredPorts(settings: StartSettings): RequiredPort[] {
  const { temporal, fleet, detectors, server } = settings;
  const ports: RequiredPort[] = [];
  const local = (port: number, setting: string): void =>
    void ports.push({ host: '127.0.0.1', port, setting });
  if (temporal.kind === 'dev-server') {
    local(temporal.port, 'temporal.port');
    local(temporal.uiPort, 'temporal.uiPort');
    if (temporal.codecPort !== undefined) {
      local(temporal.codecPort, 'temporal.encryption.codecPort');
    }
  }
  if (fleet !== undefined) {
    for (let engine = 1; engine <= fleet.replicas; engine += 1) {
      local(fleet.enginePortBase + engine, 'fleet.enginePortBase');
    }
    local(fleet.gatewayPort, 'fleet.gatewayPort');
    local(fleet.runtimePort, 'fleet.runtimePort');
    local(fleet.supervisorPort, 'fleet.supervisorPort');
  }
  for (const { host, port, setting } of detectors) ports.push({ host, port, setting });
  ports.push({ ...server, setting: 'server.port' });
  return ports;
}

/**
 * Checks all ports before anything is started, so that one error names all that stands in the way.
 *
 * @throws Error with a line for each port that is taken, or that two settings claim.
 */
export async function assertPortsFree(ports: readonly RequiredPort[]): Promise<void> {
  const claimed = new Map<number, string>();
  const problems: string[] = [];
  for (const { host, port, setting } of ports) {
    const other = claimed.get(port);
    claimed.set(port, setting);
    if (other !== undefined) {
      problems.push(`port ${port} is given to both ${other} and ${setting}; change one of them`);
      continue;
    }
    try {
      await assertPortFree(port, setting, host);
    } catch (error) {
      if (!(error instanceof PortBusyError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
