import { apiOf } from './api.js';
import { print, printJson } from './table.js';

/** `paramedic kill-switch on|off`: stops or allows every action of every recovery. */
export async function setKillSwitch(
  configPath: string,
  position: string,
  options: { by: string; reason?: string; json?: boolean },
): Promise<number> {
  if (position !== 'on' && position !== 'off') {
    throw new Error(`expected "on" or "off", got "${position}"`);
  }
  const { by, reason } = options;
  const state = await apiOf(configPath).post('/v1/kill-switch', {
    on: position === 'on',
    by,
    reason,
  });
  if (options.json === true) printJson(state);
  else
    print(
      position === 'on'
        ? 'no recovery changes anything now; owed undos are still done'
        : 'recoveries may act again',
    );
  return 0;
}
