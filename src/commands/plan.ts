import { dryRun } from '../compose/dry-run.js';
import { loadConfig } from '../config/load.js';
import { proceduresInForce } from '../config/procedure-schema.js';
import { gateText } from '../domain/recovery/procedure.js';
import { print, printJson, table } from './table.js';

/**
 * `paramedic plan <procedure> <service>[/<replica>]`: what the procedure would do to the target now,
 * in words and exact calls. It reads the fleet and changes nothing.
 */
export async function showPlan(
  configPath: string,
  procedure: string,
  target: string,
  options: { json?: boolean },
): Promise<number> {
  const [service = '', replica] = target.split('/');
  const config = loadConfig(configPath);
  const { steps, unmet } = await dryRun(config, procedure, { service, replica });
  if (options.json === true) {
    printJson({ procedure, target, unmet, steps });
    return 0;
  }
  print(`${procedure} on ${target}: if nothing before it helps, in this order`);
  for (const why of unmet) print(`it would be refused now, it needs ${why}`);
  steps.forEach(({ step, preparation }, index) => {
    const when = step.isOnFailure === true ? ', on failure' : '';
    print(`\n${index + 1}. ${step.action} (autonomy: ${step.autonomy}${when})`);
    for (const gate of step.gates ?? []) print(`   before  ${gateText(gate)}`);
    if (preparation.kind === 'ready') {
      print(`   does    ${preparation.line}`);
      const none = `nothing: ${step.irreversible ?? ''}`;
      const undo = step.irreversible === undefined ? preparation.undoLine : none;
      print(`   undo    ${step.isKept === true ? `by hand, it is kept: ${undo}` : undo}`);
      print(`   judged  ${step.settleMs / 1000} s later, on fresh samples`);
    } else print(`   ${preparation.kind === 'skip' ? 'skips  ' : 'refuses'} ${preparation.why}`);
  });
  print('\nNothing was changed.');
  return 0;
}

/** `paramedic plan` alone: the procedures in force, in the order in which they are chosen from. */
export function listProcedures(configPath: string, options: { json?: boolean }): number {
  const procedures = proceduresInForce(loadConfig(configPath).recovery.procedures);
  if (options.json === true) {
    printJson({ procedures });
    return 0;
  }
  const rows = procedures.map((one) => [
    one.isEnabled ? one.name : `${one.name} (disabled)`,
    [...one.violationTypes, ...(one.metrics ?? []), ...(one.services ?? [])].join(', '),
    one.leastSeverity,
    [
      ...one.steps.map(({ action }) => action),
      ...one.onFailure.map(({ action }) => `on failure ${action}`),
    ].join(' → '),
  ]);
  print(table(['PROCEDURE', 'FOR', 'FROM', 'STEPS'], rows, 120));
  return 0;
}
