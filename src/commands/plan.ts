import { dryRun } from '../compose/dry-run.js';
import { loadConfig } from '../config/load.js';
import { print, printJson } from './table.js';

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
  const steps = await dryRun(loadConfig(configPath), procedure, { service, replica });
  if (options.json === true) {
    printJson({ procedure, target, steps });
    return 0;
  }
  print(`${procedure} on ${target}: if nothing before it helps, in this order`);
  steps.forEach(({ step, preparation }, index) => {
    print(`\n${index + 1}. ${step.action} (autonomy: ${step.autonomy})`);
    if (preparation.kind === 'ready') {
      print(`   does    ${preparation.line}`);
      const none = `nothing: ${step.irreversible ?? ''}`;
      print(`   undo    ${step.irreversible === undefined ? preparation.undoLine : none}`);
      print(`   judged  ${step.settleMs / 1000} s later, on fresh samples`);
    } else print(`   ${preparation.kind === 'skip' ? 'skips  ' : 'refuses'} ${preparation.why}`);
  });
  print('\nNothing was changed.');
  return 0;
}
