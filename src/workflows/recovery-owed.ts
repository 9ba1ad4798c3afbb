import type { Outcome } from '../domain/archive.js';
import type { PlannedStep } from './messages.js';
import type { RecoveryLog } from './recovery-log.js';

/** What the procedure wants kept is owed no longer; what made things worse was undone before. */
export function keep(log: RecoveryLog, step: PlannedStep): void {
  const mine = log.owed.list.find((one) => one.step.id === step.id);
  if (mine === undefined) return;
  log.owed.forget(mine);
  log.tell('kept', `${step.action}, as the procedure says; to undo by hand: ${mine.undoLine}`);
}

/** The end of a recovery that helped: what is left was not needed, and what is lasting stays. */
export function settle(log: RecoveryLog): [Outcome, string] {
  for (const report of log.steps) {
    if (report.state !== 'planned') continue;
    log.update(report, { state: 'skipped', line: 'not needed: recovered before it' });
  }
  for (const owed of [...log.owed.list]) {
    const { lasting, action } = owed.step;
    if (lasting === undefined) continue;
    log.owed.forget(owed);
    log.tell('stays', `${action}: ${lasting}`);
  }
  const held = log.owed.list.map((o) => o.undoLine).join('; ');
  return ['recovered', held === '' ? 'nothing to release' : `to be released: ${held}`];
}
