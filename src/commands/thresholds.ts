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
