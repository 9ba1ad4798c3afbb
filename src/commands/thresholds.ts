import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

/** One threshold as the API gives it. */
interface ThresholdJson {
  readonly name: string;
  readonly metric: string;
  readonly target: number;
  readonly tolerance: string;
  readonly direction: string;
  readonly unit: string;
  readonly window: string;
  readonly sustained: string;
  readonly enabled: boolean;
}

/** `paramedic thresholds`: those in force, and which of them the API changed. */
export async function listThresholds(
  configPath: string,
  options: { json?: boolean },
): Promise<number> {
  const reply = (await apiOf(configPath).get('/v1/thresholds')) as {
    thresholds: readonly ThresholdJson[];
    changedByApi: readonly string[];
    removedByApi: readonly string[];
  };
  if (options.json === true) {
    printJson(reply);
    return 0;
  }
  const rows = reply.thresholds.map((t) => [
    t.name,
    `${t.target} ${t.unit} ${t.direction === 'upper' ? '+' : '-'}${t.tolerance}`,
    t.window,
    t.sustained,
    t.enabled ? 'enabled' : 'disabled',
    reply.changedByApi.includes(t.name) ? 'API' : 'config',
  ]);
  print(table(['THRESHOLD', 'TARGET', 'WINDOW', 'SUSTAINED', 'STATE', 'FROM'], rows));
  if (reply.removedByApi.length > 0) print(`\nremoved by API: ${reply.removedByApi.join(', ')}`);
  return 0;
}

/** One suggestion as the API gives it. */
interface SuggestionJson {
  readonly name: string;
  readonly verdict: 'keep' | 'change';
  readonly reason: string;
  readonly unit: string;
  readonly tolerancePercentNow: number;
  readonly limitNow: number;
  readonly proposed?: {
    readonly tolerancePercent: number;
    readonly limit: number;
    readonly breachRatioNow: number;
    readonly breachRatioThen: number;
  };
}

/** `paramedic thresholds suggest`: tolerances that the history speaks for. Nothing is changed. */
export async function suggestThresholds(
  configPath: string,
  options: { json?: boolean },
): Promise<number> {
  const reply = (await apiOf(configPath).get('/v1/thresholds/suggestions')) as {
    suggestions: readonly SuggestionJson[];
  };
  if (options.json === true) {
    printJson(reply);
    return 0;
  }
  const percent = (ratio: number) => `${(100 * ratio).toFixed(2)} %`;
  const rows = reply.suggestions.map(({ name, tolerancePercentNow, limitNow, unit, ...rest }) => {
    const { proposed, reason } = rest;
    const now = `${tolerancePercentNow}% (${limitNow.toPrecision(4)} ${unit})`;
    if (proposed === undefined) return [name, now, 'keep', '', reason];
    const { tolerancePercent, limit, breachRatioNow, breachRatioThen } = proposed;
    const breaches = `${percent(breachRatioNow)} → ${percent(breachRatioThen)}`;
    return [name, now, `${tolerancePercent}% (${limit.toPrecision(4)})`, breaches, reason];
  });
  print(table(['THRESHOLD', 'TOLERANCE', 'SUGGESTED', 'BREACHES', 'WHY'], rows));
  print('\nTo take one over: paramedic thresholds accept NAME');
  return 0;
}

/** `paramedic thresholds accept NAME`: puts the suggestion into force, as a change by the API. */
export async function acceptThreshold(
  configPath: string,
  name: string,
  options: { by: string },
): Promise<number> {
  const at = `/v1/thresholds/${encodeURIComponent(name)}/accept`;
  await apiOf(configPath).post(`${at}?by=${encodeURIComponent(options.by)}`, {});
  print(`${name}: the suggested tolerance is in force`);
  return 0;
}

/** `paramedic reload`: the detector reads its configuration's thresholds again, all or none. */
export async function reloadThresholds(
  configPath: string,
  options: { dropChanges?: boolean; by: string },
): Promise<number> {
  const { changed } = (await apiOf(configPath).post(
    `/v1/thresholds/reload?by=${encodeURIComponent(options.by)}`,
    { dropChanges: options.dropChanges === true },
  )) as { changed: readonly string[] };
  print(changed.length === 0 ? 'nothing differs' : `changed: ${changed.join(', ')}`);
  return 0;
}
