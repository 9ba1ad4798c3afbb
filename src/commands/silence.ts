import { InvalidArgumentError } from 'commander';
import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

interface SilenceAnswer {
  readonly id: string;
  readonly matchers: readonly {
    readonly name: string;
    readonly op: string;
    readonly value: string;
  }[];
  readonly owner: string;
  readonly reason: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** `service=chat`, `replica=~engine-[12]`, `severity!=minor`, `replica!~gpu.*`. */
function matcherOf(text: string) {
  const found = /^(\w+)(=~|!~|!=|=)(.*)$/s.exec(text);
  if (found === null) {
    throw new InvalidArgumentError(`expected a matcher like service=chat, got "${text}"`);
  }
  const [, name, op, value] = found;
  return { name, op, value: value?.replace(/^"(.*)"$/s, '$1') };
}

/** `paramedic silence add MATCHER… --for 1h --reason …`. */
export async function addSilence(
  configPath: string,
  matchers: readonly string[],
  options: { for: string; reason: string; by: string; json?: boolean },
): Promise<number> {
  const { by, reason, json } = options;
  const body = { matchers: matchers.map(matcherOf), owner: by, by, reason, for: options.for };
  const silence = (await apiOf(configPath).post('/v1/silences', body)) as SilenceAnswer;
  if (json === true) printJson(silence);
  else print(`silence ${silence.id} until ${silence.endsAt}`);
  return 0;
}

/** `paramedic silence list`. */
export async function listSilences(
  configPath: string,
  options: { json?: boolean },
): Promise<number> {
  const answer = (await apiOf(configPath).get('/v1/silences')) as {
    readonly silences: readonly SilenceAnswer[];
  };
  if (options.json === true) {
    printJson(answer);
    return 0;
  }
  if (answer.silences.length === 0) print('nothing is silenced');
  else {
    const rows = answer.silences.map(({ id, matchers, owner, endsAt, reason }) => [
      ...[id, matchers.map(({ name, op, value }) => `${name}${op}${value}`).join(' ')],
      ...[owner, endsAt, reason],
    ]);
    print(table(['ID', 'MATCHERS', 'OWNER', 'UNTIL', 'REASON'], rows));
  }
  return 0;
}

/** `paramedic silence remove ID`. */
export async function removeSilence(
  configPath: string,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const answer = await apiOf(configPath).delete(`/v1/silences/${encodeURIComponent(id)}`);
  if (options.json === true) printJson(answer);
  else print(`silence ${id} ended`);
  return 0;
}
