import { InvalidArgumentError } from 'commander';
import type { RecommendationJson } from '../server/recommendation-routes.js';
import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

/** Words of the command line, and the states that they bring about. */
const DECISIONS: Readonly<Record<string, RecommendationJson['state']>> = {
  accept: 'accepted',
  done: 'done',
  dismiss: 'dismissed',
  reopen: 'open',
};

/**
 * `paramedic recommendations [accept|done|dismiss|reopen ID]`: lists what reports ask people to do, the open
 * ones unless asked otherwise, or writes down what became of one.
 */
export async function recommendations(
  configPath: string,
  decision: string | undefined,
  id: string | undefined,
  options: { state: string; limit: string; by: string; reason?: string; json?: boolean },
): Promise<number> {
  const api = apiOf(configPath);
  if (decision !== undefined) {
    const state = DECISIONS[decision];
    const words = Object.keys(DECISIONS).join(', ');
    if (state === undefined) {
      throw new InvalidArgumentError(`"${decision}" is none of ${words}`);
    }
    if (id === undefined) throw new InvalidArgumentError(`${decision}: expected an ID`);
    const { by, reason } = options;
    const path = `/v1/recommendations/${encodeURIComponent(id)}`;
    const decided = (await api.post(path, { state, by, reason })) as RecommendationJson;
    if (options.json === true) printJson(decided);
    else print(`${decided.id} is ${decided.state}: ${decided.text}`);
    return 0;
  }
  const query = new URLSearchParams({ limit: options.limit });
  if (options.state !== 'all') query.set('state', options.state);
  const list = (await api.get(`/v1/recommendations?${query.toString()}`)) as {
    recommendations: RecommendationJson[];
  };
  if (options.json === true) printJson(list);
  else if (list.recommendations.length === 0) print('No recommendations.');
  else {
    const rows = list.recommendations.map((one) => [one.id, one.state, one.category, one.text]);
    print(table(['ID', 'STATE', 'BECAUSE OF', 'WHAT'], rows, 100));
  }
  return 0;
}
