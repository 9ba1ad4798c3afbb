import { loadConfig } from '../config/load.js';

/** The reference fleet’s own supervisor, as commands use it: paramedic itself is never told. */
export type FleetCall = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<unknown>;

const TIMEOUT_MS = 10_000;

/**
 * The supervisor of the configuration’s fleet.
 *
 * Its calls throw an Error that says what was refused, or that nobody answers and what to do.
 *
 * @throws Error when the configuration has no reference fleet.
 */
export function fleetOf(configPath: string): FleetCall {
  const base = `http://127.0.0.1:${fleetSettings(configPath).supervisorPort}`;
  return async (method, path, body) => {
    let reply: Response;
    try {
      reply = await fetch(base + path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new Error('the reference fleet does not answer: is it running? (npm start)', { cause });
    }
    const answer = (await reply.json().catch(() => ({}))) as { error?: string; message?: string };
    if (reply.ok) return answer;
    throw new Error(answer.error ?? answer.message ?? `the fleet answered ${reply.status}`);
  };
}

/**
 * The reference fleet of a configuration.
 *
 * @throws Error when it has none.
 */
export function fleetSettings(configPath: string) {
  const { fleet } = loadConfig(configPath);
  if (fleet !== undefined) return fleet;
  throw new Error(`${configPath} has no "fleet" section: faults are only for the reference fleet`);
}
