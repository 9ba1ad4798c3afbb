import { apiOf } from './api.js';
import { print, printJson } from './table.js';

/** What of `/v1/mode` is shown. */
interface ModeAnswer {
  readonly mode: string;
  readonly since: string | null;
  readonly why: string;
  readonly killSwitch: { readonly isOn: boolean; readonly by: string; readonly reason: string };
  readonly maintenance: { readonly until: string } | null;
  readonly schedule: readonly {
    readonly name: string;
    readonly from: string | null;
    readonly until: string | null;
  }[];
}

/** Who asks for a mode, why and for how long. */
export interface ModeOptions {
  readonly by: string;
  readonly reason?: string;
  readonly for?: string;
  readonly json?: boolean;
}

/** `paramedic mode [auto|normal|high-alert|emergency|maintenance]`: shows the mode, or asks for one. */
export async function runMode(
  configPath: string,
  mode: string | undefined,
  options: ModeOptions,
): Promise<number> {
  const api = apiOf(configPath);
  const { json, ...order } = options;
  const answer = (
    mode === undefined ? await api.get('/v1/mode') : await api.put('/v1/mode', { mode, ...order })
  ) as ModeAnswer;
  if (json === true) printJson(answer);
  else show(answer);
  return 0;
}

/** `paramedic maintenance on|off`. */
export async function runMaintenance(
  configPath: string,
  position: string,
  options: ModeOptions,
): Promise<number> {
  if (position !== 'on' && position !== 'off') {
    throw new Error(`expected "on" or "off", got "${position}"`);
  }
  if (position === 'on' && options.for === undefined) {
    throw new Error('maintenance needs an end: --for 2h');
  }
  return runMode(configPath, position === 'on' ? 'maintenance' : 'auto', options);
}

function show({ mode, since, why, killSwitch, maintenance, schedule }: ModeAnswer): void {
  print(`mode         ${mode}${since === null ? '' : ` since ${since}`}: ${why}`);
  if (maintenance !== null) {
    print(`maintenance  until ${maintenance.until}: nothing is told, nothing acts by itself`);
  }
  if (killSwitch.isOn) print(`kill switch  on, by ${killSwitch.by}: ${killSwitch.reason}`);
  for (const { name, from, until } of schedule) {
    print(`scheduled    ${name}: ${from ?? 'never'} to ${until ?? 'never'}`);
  }
}
