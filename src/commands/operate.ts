import { apiOf } from './api.js';
import { print, printJson } from './table.js';

/** An operator's command to an incident; a refusal is an Error that says why. */
export async function operate(
  configPath: string,
  id: string,
  operation: string,
  options: { reason?: string; by: string; keep?: boolean; json?: boolean },
): Promise<number> {
  const { reason, by, keep } = options;
  const reply = (await apiOf(configPath).post(
    `/v1/incidents/${encodeURIComponent(id)}/${operation}`,
    { by, reason, keep },
  )) as { result: string };
  if (options.json === true) printJson(reply);
  else print(reply.result);
  return 0;
}
