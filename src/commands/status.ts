import { loadConfig } from '../config/load.js';
import { readPidFiles } from '../local-stack/pid-files.js';
import type { DetectorStatus } from '../server/detector-client.js';
import type { ProductionHealth } from '../server/health.js';
import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

/** `paramedic status`: 0 when healthy, 1 when not. */
export async function showStatus(configPath: string, options: { json?: boolean }): Promise<number> {
  const { health, detector } = (await apiOf(configPath).get('/v1/status')) as {
    health: ProductionHealth;
    detector: DetectorStatus | null;
  };
  // As the roles do it, for a stack that was started with --data-dir.
  const dataDir = process.env['PARAMEDIC_DATA_DIR'] || loadConfig(configPath).dataDir;
  const processes = readPidFiles(dataDir);
  const code = health.status === 'healthy' ? 0 : 1;
  if (options.json === true) {
    printJson({ health, detector, processes });
    return code;
  }
  print(
    `${health.status}; SLA compliance ${health.sla_compliance} % (last hour); ${health.active_violations} active violation(s)`,
  );
  for (const problem of health.problems) print(`  ! ${problem}`);
  if (detector !== null) {
    const active = detector.summary.active.map((v) => [
      v.replica ?? v.service,
      v.metric,
      `${v.value.toPrecision(4)} ${v.unit}`,
      v.limit.toPrecision(4),
      v.severity,
    ]);
    if (active.length > 0)
      print(`\n${table(['WHERE', 'METRIC', 'VALUE', 'LIMIT', 'SEVERITY'], active)}`);
    const targets = detector.targets.map((t) => [
      t.replica ?? t.service,
      stateOf(t.isUp),
      t.url,
      t.isUp === true ? '' : (t.lastError ?? ''),
    ]);
    print(`\n${table(['TARGET', 'STATE', 'URL', 'LAST ERROR'], targets)}`);
    // No table: what is missing, and what to do about it, must not be cut off.
    print('\nmeasured:');
    for (const { threshold, service, status, text } of detector.coverage) {
      print(`  ${threshold} of ${service} is ${status}: ${text}`);
    }
  }
  if (processes.length > 0) {
    const rows = processes.map((p) => [p.name, String(p.pid), p.alive ? 'alive' : 'gone']);
    print(`\n${table(['PROCESS', 'PID', 'STATE'], rows)}`);
  }
  return code;
}

function stateOf(isUp: boolean | undefined): string {
  if (isUp === undefined) return 'not scraped yet';
  return isUp ? 'up' : 'down';
}
