import { apiOf } from './api.js';
import { print, printJson } from './table.js';

/** `paramedic rca <incident>`: its root cause report, as a postmortem or as JSON. */
export async function showReport(
  configPath: string,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const path = `/v1/incidents/${encodeURIComponent(id)}/report`;
  const api = apiOf(configPath);
  if (options.json === true) printJson(await api.get(path));
  else print(await api.text(`${path}?format=markdown`));
  return 0;
}
