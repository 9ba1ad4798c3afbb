import type { Breaker, Incident, Waiting } from '../../lib/contract.js';
import { scope, words } from '../../lib/format.js';
import { order } from '../../ui/order-dialog.js';

const at = ({ id }: Pick<Incident, 'id'>, operation: string) =>
  `/v1/incidents/${encodeURIComponent(id)}/${operation}`;
const name = (one: Pick<Incident, 'service' | 'replica' | 'threshold'>) =>
  `${scope(one)}, ${words(one.threshold)}`;

/** The part of an incident that orders are about. */
export type Ordered = Pick<Incident, 'id' | 'service' | 'replica' | 'threshold'>;

/** Lets the waiting step, or the waiting rollback, go on. */
export function approve(one: Ordered, waiting: Waiting): void {
  const isRollback = waiting.kind === 'rollback';
  order({
    title: `Approve ${isRollback ? 'the rollback' : 'this step'}?`,
    text: `It is carried out at once on ${scope(one)}, and verified on fresh samples.`,
    call: waiting.line,
    verb: 'Approve',
    method: 'POST',
    path: at(one, isRollback ? 'approve-rollback' : 'approve'),
  });
}

/** Refuses it. */
export function deny(one: Ordered, waiting: Waiting): void {
  const isRollback = waiting.kind === 'rollback';
  order({
    title: `Deny ${isRollback ? 'the rollback' : 'this step'}?`,
    text: isRollback
      ? 'What was changed stays as it is now.'
      : 'The step is skipped; the recovery goes on with the next one, if there is one.',
    call: waiting.line,
    verb: 'Deny',
    method: 'POST',
    path: at(one, isRollback ? 'deny-rollback' : 'deny'),
  });
}

/** Stops the recovery, and undoes what it changed unless told to keep it. */
export function abort(one: Ordered): void {
  order({
    title: 'Abort the recovery?',
    text: `The recovery of ${name(one)} stops, and everything that it changed is undone, newest first. The incident stays open until the violation is gone.`,
    verb: 'Abort',
    isDangerous: true,
    needsReason: true,
    choice: { label: 'Keep what was changed: stop only, undo nothing', name: 'keep' },
    method: 'POST',
    path: at(one, 'abort'),
  });
}

/** Says that a person has it. */
export function acknowledge(one: Ordered): void {
  order({
    title: 'Acknowledge the incident?',
    text: 'You take it on: escalation stops. The recovery goes on by itself.',
    verb: 'Acknowledge',
    method: 'POST',
    path: at(one, 'acknowledge'),
  });
}

/** Holds the recovery before its next step, or lets it go on. */
export function pause(one: Ordered, isPaused: boolean): void {
  order({
    title: isPaused ? 'Resume the recovery?' : 'Pause the recovery?',
    text: isPaused
      ? 'It goes on with its next step.'
      : 'The running step ends; none is begun until somebody resumes it.',
    verb: isPaused ? 'Resume' : 'Pause',
    method: 'POST',
    path: at(one, isPaused ? 'resume' : 'pause'),
  });
}

/** Leaves out the running or next step. */
export function skip(one: Ordered): void {
  order({
    title: 'Skip the step?',
    text: 'The step that runs is undone, or the waiting one is left out, and the next one is tried.',
    verb: 'Skip step',
    method: 'POST',
    path: at(one, 'skip'),
  });
}

const BREAKER_TEXTS = {
  open: 'No request is sent there until it closes again: by itself after its time, half-open first.',
  close: 'Requests are sent there again at once.',
  isolate: 'It is held open until somebody closes it, whatever its probes say.',
} as const;

/** Sets a breaker by hand. */
export function setBreaker(one: Breaker, operation: 'open' | 'close' | 'isolate'): void {
  const verb = operation.charAt(0).toUpperCase() + operation.slice(1);
  order({
    title: `${verb} the breaker of ${scope(one)}?`,
    text: BREAKER_TEXTS[operation],
    verb,
    isDangerous: operation !== 'close',
    needsReason: true,
    method: 'POST',
    path: `/v1/breakers/${encodeURIComponent(one.id)}/${operation}`,
  });
}

/** Stops or allows every action. */
export function setKillSwitch(isOn: boolean): void {
  order({
    title: isOn ? 'Stop all actions?' : 'Allow actions again?',
    text: isOn
      ? 'No action is begun anywhere until it is off again. Detection, paging and analysis go on; what was changed stays changed.'
      : 'Recoveries act again, from their next step on.',
    verb: isOn ? 'Stop all actions' : 'Allow actions',
    isDangerous: isOn,
    needsReason: isOn,
    method: 'POST',
    path: '/v1/kill-switch',
    body: { on: isOn },
  });
}

/** Begins maintenance, or ends it. */
export function setMaintenance(isOn: boolean): void {
  order({
    title: isOn ? 'Begin maintenance?' : 'End maintenance?',
    text: isOn
      ? 'Nobody is notified and nothing is repaired automatically until it ends; then everything is evaluated again.'
      : 'Notifications and automatic actions are on again, and everything is evaluated anew.',
    verb: isOn ? 'Begin maintenance' : 'End maintenance',
    needsReason: isOn,
    method: 'PUT',
    path: '/v1/mode',
    body: { mode: isOn ? 'maintenance' : 'auto' },
    ...(isOn ? { minutes: { label: 'For how many minutes', value: 60 } } : {}),
  });
}
