import { condition, log, setCurrentDetails, setHandler, upsertMemo } from '@temporalio/workflow';
import {
  KILL_SWITCH_MEMO,
  killSwitchQuery,
  killSwitchUpdate,
  type KillSwitch,
} from './messages.js';

/**
 * What holds for the whole of paramedic, whoever is alive: the kill switch. It stands in the
 * workflow's memo, which the server itself gives to every action that asks. Never ends.
 */
export async function monitor(): Promise<void> {
  let state: KillSwitch = { isOn: false, by: '', reason: '', atMs: 0 };
  const show = () => {
    const { isOn, by, reason, atMs } = state;
    const since = new Date(atMs).toISOString();
    setCurrentDetails(
      isOn
        ? `**All actions are stopped** by ${by} since ${since}: ${reason}`
        : 'Actions are allowed.',
    );
  };
  setHandler(
    killSwitchUpdate,
    ({ on, by, reason }) => {
      state = { isOn: on, by: by ?? 'an operator', reason: reason ?? '', atMs: Date.now() };
      upsertMemo({ [KILL_SWITCH_MEMO]: state });
      log.warn(on ? 'all actions were stopped' : 'actions are allowed again', {
        story: 'kill-switch',
        by: state.by,
      });
      show();
      return state;
    },
    {
      description: 'Stops or allows all actions: {"on": true, "by": "you", "reason": "…"}',
      validator: (message) => {
        if (typeof (message as { on?: unknown } | undefined)?.on !== 'boolean') {
          throw new Error('on: expected true or false, like {"on": true}');
        }
      },
    },
  );
  setHandler(killSwitchQuery, () => state, { description: 'Whether all actions are stopped' });
  show();
  await condition(() => false);
}
