import { duration } from '../config/duration.js';
import { fleetOf } from './fleet-api.js';
import { print, printJson, table } from './table.js';

interface FaultList {
  readonly catalogue: readonly {
    name: string;
    scope: string;
    description: string;
    curedBy: unknown;
  }[];
  readonly active: readonly { fault?: string; name?: string; replica?: string }[];
}

/**
 * `paramedic fault [name] [replica]`: lists the reference fleet’s faults, injects one, or ends all
 * (`clear`). It talks to the fleet’s own supervisor: paramedic itself is never told.
 */
export async function runFault(
  configPath: string,
  name: string | undefined,
  replica: string | undefined,
  options: { for?: string; json?: boolean },
): Promise<number> {
  const call = fleetOf(configPath);
  if (name === undefined) {
    const list = (await call('GET', '/v1/faults')) as FaultList;
    if (options.json === true) printJson(list);
    else {
      print(
        table(
          ['FAULT', 'SCOPE', 'WHAT IT DOES'],
          list.catalogue.map((f) => [f.name, f.scope, f.description]),
          110,
        ),
      );
      print(`\nactive: ${list.active.length === 0 ? 'none' : JSON.stringify(list.active)}`);
    }
    return 0;
  }
  if (name === 'clear') {
    const reply = await call('DELETE', '/v1/faults');
    if (options.json === true) printJson(reply);
    else print('all faults ended');
    return 0;
  }
  const forMs = options.for === undefined ? undefined : duration.parse(options.for);
  const reply = await call('POST', '/v1/faults', { fault: name, replica, forMs });
  if (options.json === true) printJson(reply);
  else {
    print(
      `${name}${replica === undefined ? '' : ` on ${replica}`} is active; end it with: bin/paramedic fault clear`,
    );
  }
  return 0;
}
