import { InvalidArgumentError } from 'commander';
import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

/** One breaker as the API gives it. */
interface BreakerJson {
  readonly id: string;
  readonly state: string;
  readonly failures: number;
  readonly until: string | null;
  readonly by: string | null;
  readonly reason: string;
  readonly note: string | null;
}

/** `paramedic breakers`: those that are not closed or count failures, or all. */
export async function listBreakers(
  configPath: string,
  options: { all?: boolean; json?: boolean },
): Promise<number> {
  const reply = (await apiOf(configPath).get('/v1/breakers')) as {
    breakers: readonly BreakerJson[];
  };
  if (options.json === true) {
    printJson(reply);
    return 0;
  }
  const shown = reply.breakers.filter(
    ({ state, failures }) => options.all === true || state !== 'closed' || failures > 0,
  );
  if (shown.length === 0) {
    print(`all ${reply.breakers.length} breakers are closed`);
    return 0;
  }
  const rows = shown.map(({ id, state, failures, until, by, reason, note }) => [
    ...[id, state, String(failures), until ?? '', by ?? ''],
    [reason, ...(note === null ? [] : [note])].filter((part) => part !== '').join('; '),
  ]);
  print(table(['BREAKER', 'STATE', 'FAILURES', 'UNTIL', 'BY', 'WHY'], rows));
  return 0;
}

/** `paramedic breaker open|close|isolate ID`; a refusal is an Error that says why. */
export async function orderBreaker(
  configPath: string,
  order: string,
  id: string,
  options: { reason?: string; by: string; json?: boolean },
): Promise<number> {
  if (!['open', 'close', 'isolate'].includes(order)) {
    throw new InvalidArgumentError(`expected open, close or isolate, got "${order}"`);
  }
  const { by, reason } = options;
  const path = `/v1/breakers/${encodeURIComponent(id)}/${order}`;
  const reply = (await apiOf(configPath).post(path, { by, reason })) as { result: string };
  if (options.json === true) printJson(reply);
  else print(reply.result);
  return 0;
}
