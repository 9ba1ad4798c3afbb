/** What crosses the border between the monitor's workflow and the rest. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AlertAsk, Judgement } from '../domain/monitor/judge-alert.js';
import type { AutomaticMode } from '../domain/monitor/mode.js';
import type { KillSwitch, MonitorView, SourceFacts } from '../domain/monitor/monitor-state.js';
import type { Matcher, Silence } from '../domain/monitor/silence.js';

/** The entity workflow of what holds for everything: kill switch, mode, maintenance, silences. */
export const MONITOR_WORKFLOW_ID = 'monitor';
/** Its memo, so that every action can look at it without a worker's answer. */
export const KILL_SWITCH_MEMO = 'killSwitch';
export const killSwitchUpdate = defineUpdate<
  KillSwitch,
  [{ readonly on: boolean; readonly by?: string; readonly reason?: string }]
>('kill-switch');
export const killSwitchQuery = defineQuery<KillSwitch>('kill-switch-state');

/** The monitor's memo: what everybody may look at without a worker's answer, a `MonitorView`. */
export const MONITOR_MEMO = 'monitor';

/** Who asks, and why. */
interface By {
  readonly by?: string;
  readonly reason?: string;
}
/** Until when: an instant, or a length from now; both in ms. */
interface Until {
  readonly untilMs?: number;
  readonly forMs?: number;
}

/** Holds a mode against the automatic rule, or gives it back to it. */
export type ModeMessage = { readonly mode: AutomaticMode | 'auto' } & By & Until;
/** Enters maintenance (with an end) or leaves it; `window` names a scheduled one. */
export type MaintenanceMessage = { readonly on: boolean; readonly window?: string } & By & Until;
/** Mutes what matches; the id is given where it replaces one. */
export interface SilenceMessage {
  readonly id?: string;
  readonly matchers: readonly Matcher[];
  /** From Temporal's UI it may be missing; it is refused then, with the reason. */
  readonly owner?: string;
  readonly reason?: string;
  readonly startsAtMs?: number;
  readonly endsAtMs?: number;
  readonly forMs?: number;
}

export const modeUpdate = defineUpdate<MonitorView, [ModeMessage]>('mode');
export const maintenanceUpdate = defineUpdate<MonitorView, [MaintenanceMessage]>('maintenance');
export const silenceUpdate = defineUpdate<Silence, [SilenceMessage]>('silence');
export const unsilenceUpdate = defineUpdate<MonitorView, [{ readonly id: string } & By]>(
  'unsilence',
);
/** Whether people are told of stages of incidents, one judgement for each ask. */
export const judgeUpdate = defineUpdate<readonly Judgement[], [readonly AlertAsk[]]>('judge-all');
/** The same for one ask, as workers of before sent it: a monitor that has run since then has it in its history. */
export const judgeOneUpdate = defineUpdate<Judgement, [AlertAsk]>('judge');
/** What a detector sees, whenever that changes and every few minutes. */
export const factsSignal = defineSignal<[SourceFacts]>('facts');
/** That run's incident ended without a word. */
export const goneSignal = defineSignal<[{ readonly runId: string }]>('gone');
export const monitorQuery = defineQuery<MonitorView>('state');

/** From the monitor to incidents and their alerts: what kept you back may be over, look again. */
export const wakeSignal = defineSignal('wake');
