import type { IncidentDetailJson, IncidentJson } from '../server/incident-json.js';
import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

/** `paramedic incidents`. */
export async function listIncidents(
  configPath: string,
  options: { state?: string; limit: string; json?: boolean },
): Promise<number> {
  const query = new URLSearchParams({ limit: options.limit });
  if (options.state !== undefined) query.set('state', options.state);
  const { incidents } = (await apiOf(configPath).get(`/v1/incidents?${query.toString()}`)) as {
    incidents: IncidentJson[];
  };
  if (options.json === true) printJson({ incidents: incidents.map(listed) });
  else if (incidents.length === 0) print('No incidents.');
  else {
    const rows = incidents.map((i) => [
      i.openedAt.slice(0, 19).replace('T', ' '),
      i.state,
      i.outcome ?? '-',
      i.severity,
      i.id,
      i.probableCause ?? '-',
    ]);
    print(table(['OPENED (UTC)', 'STATE', 'OUTCOME', 'SEVERITY', 'ID', 'PROBABLE CAUSE'], rows));
  }
  return 0;
}

/** What scripts are promised of an incident in a list; `paramedic incident <id>` has all of it. */
function listed(incident: IncidentJson) {
  const { id, state, outcome, service, replica, threshold, severity } = incident;
  const { openedAt, resolvedAt, procedure, probableCause } = incident;
  return {
    ...{ id, state, outcome, service, replica, threshold, severity },
    ...{ openedAt, resolvedAt, procedure, probableCause },
  };
}

/** `paramedic incident <id>`. */
export async function showIncident(
  configPath: string,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const found = (await apiOf(configPath).get(
    `/v1/incidents/${encodeURIComponent(id)}`,
  )) as IncidentDetailJson;
  if (options.json === true) {
    printJson(found);
    return 0;
  }
  const { value, limit, unit } = found;
  print(found.id);
  print(`  state      ${found.state}${found.outcome === null ? '' : `, ${found.outcome}`}`);
  print(
    `  violated   ${found.threshold}: ${value.toPrecision(4)} ${unit}, limit ${limit.toPrecision(4)} (${found.severity})`,
  );
  print(
    `  opened     ${found.openedAt}${found.resolvedAt === null ? '' : `, resolved ${found.resolvedAt}`}`,
  );
  print(`  procedure  ${found.procedure ?? 'none'}${found.why === null ? '' : ` — ${found.why}`}`);
  print(`  cause      ${found.probableCause ?? 'not known yet'}`);
  print(`  Temporal   ${found.uiUrl}`);
  if (found.waiting !== null) {
    print(`\nWaits for you until ${found.waiting.until}: ${found.waiting.line}`);
    print(`  bin/paramedic approve ${found.id}   or   bin/paramedic deny ${found.id}`);
  }
  if (found.steps.length > 0) {
    const rows = found.steps.map((s) => [
      s.action,
      s.target.replica ?? s.target.service,
      s.state,
      s.line,
    ]);
    print(`\n${table(['STEP', 'ON', 'STATE', 'WHAT'], rows, 100)}`);
  }
  if (found.owed.length > 0) {
    print('\nOwed undos (newest last):');
    for (const owed of found.owed) print(`  ${owed.undo}`);
  }
  print('\nTimeline:');
  for (const { at, stage, text } of found.timeline) {
    print(`  ${at.slice(11, 19)}  ${stage.padEnd(12)} ${text}`);
  }
  return 0;
}
