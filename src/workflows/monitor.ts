import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  uuid4,
} from '@temporalio/workflow';
import { leave, untoldOf, type OpenAlert } from '../domain/monitor/alert-book.js';
import { judgeAlert, type AlertAsk, type Judgement } from '../domain/monitor/judge-alert.js';
import {
  addSilence,
  enterMaintenance,
  holdMode,
  leaveMaintenance,
  NEW_MONITOR,
  nextEndMs,
  removeSilence,
  settle,
  viewOf,
  withFacts,
  wokenBy,
  type MonitorState,
} from '../domain/monitor/monitor-state.js';
import { silenceProblem, type Silence } from '../domain/monitor/silence.js';
import { describeMonitor } from './details-monitor.js';
import { watchHistory } from './history-length.js';
import { orderFollowsSignal } from './operator-messages.js';
import {
  factsSignal,
  goneSignal,
  judgeOneUpdate,
  judgeUpdate,
  maintenanceUpdate,
  modeUpdate,
  MONITOR_MEMO,
  monitorQuery,
  silenceUpdate,
  unsilenceUpdate,
  wakeSignal,
  type MaintenanceMessage,
  type ModeMessage,
  type SilenceMessage,
  KILL_SWITCH_MEMO,
  killSwitchQuery,
  killSwitchUpdate,
} from './monitor-messages.js';

/** Who opened between a look at the memo and the end of maintenance is woken by a second call. */
const SECOND_CALL_MS = 5_000;

/**
 * What holds for the whole of paramedic, whoever is alive: kill switch, mode, maintenance, silences,
 * and what alerts were said. What others must know stands in the workflow's memo, which the server
 * itself gives to everyone who asks. Never ends.
 */
export async function monitor(given: MonitorState = NEW_MONITOR): Promise<void> {
  const run = new Monitor(given);
  await run.live();
}

class Monitor {
  private readonly isHistoryLong = watchHistory();
  private state: MonitorState;
  private shown = '';
  private hasChanged = false;
  private toWake: OpenAlert[] = [];
  private callAgainAtMs: number | undefined;

  constructor(given: MonitorState) {
    this.state = given;
    // First: an update that came with the start is handled as soon as its handler is there.
    this.adopt(settle(given, Date.now()));
    setHandler(orderFollowsSignal, () => undefined, { description: 'An order follows' });
    this.handleOperators();
    this.handleAlerts();
  }

  async live(): Promise<void> {
    for (;;) {
      const ends = [nextEndMs(this.state), this.callAgainAtMs].filter((at) => at !== undefined);
      // Not because of a long history: that is noticed as an order is announced, and the order would come
      // while this run is closing, which has it refused and asked again a second later.
      const isDue = () => this.hasChanged || this.toWake.length > 0;
      if (ends.length === 0) await condition(isDue);
      else await condition(isDue, Math.max(1, Math.min(...ends) - Date.now()));
      this.adopt(settle(this.state, Date.now()));
      this.hasChanged = false;
      if (this.callAgainAtMs !== undefined && this.callAgainAtMs <= Date.now()) {
        this.callAgainAtMs = undefined;
        this.toWake.push(...this.state.book.open);
      }
      await Promise.all(this.toWake.splice(0).map((one) => this.wake(one)));
      if (this.isHistoryLong() && this.toWake.length === 0) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof monitor>(this.state);
      }
    }
  }

  /** Takes a new state over: shows what is new of it, and notes whom it concerns. */
  private adopt(next: MonitorState): void {
    const before = this.state;
    this.state = next;
    this.hasChanged = true;
    this.toWake.push(...wokenBy(before, next));
    if (before.maintenance !== undefined && next.maintenance === undefined) {
      this.callAgainAtMs = Date.now() + SECOND_CALL_MS;
    }
    if (before.mode !== next.mode) {
      log.info(`mode is ${next.mode}: ${next.why}`, { story: 'mode', mode: next.mode });
    }
    const view = viewOf(next);
    const text = JSON.stringify(view);
    if (text === this.shown) return;
    this.shown = text;
    upsertMemo({ [MONITOR_MEMO]: view, [KILL_SWITCH_MEMO]: view.killSwitch });
    setCurrentDetails(describeMonitor(view));
  }

  private async wake({ incidentId, runId, alertId }: OpenAlert): Promise<void> {
    await getExternalWorkflowHandle(incidentId, runId)
      .signal(wakeSignal)
      .catch(() => undefined);
    try {
      await getExternalWorkflowHandle(alertId).signal(wakeSignal);
    } catch {
      // Ended from outside: it must not stand in the way of others.
      this.adopt({ ...this.state, book: leave(this.state.book, runId) });
    }
  }

  private judge(ask: AlertAsk): Judgement {
    const { book, judgement } = judgeAlert(this.state, ask, Date.now());
    this.adopt({ ...this.state, book });
    // Who was muted by it, or joined it, is to look again.
    if (ask.kind === 'resolved') {
      this.toWake.push(...untoldOf(book, ask.subject.labels.service));
    }
    return judgement;
  }

  private handleOperators(): void {
    const by = (message: { by?: string; reason?: string }) => ({
      by: message.by ?? 'an operator',
      reason: message.reason ?? '',
    });
    const view = () => viewOf(this.state);
    setHandler(
      killSwitchUpdate,
      (message) => {
        const killSwitch = { isOn: message.on, ...by(message), atMs: Date.now() };
        this.adopt({ ...this.state, killSwitch });
        log.warn(message.on ? 'all actions were stopped' : 'actions are allowed again', {
          story: 'kill-switch',
          by: killSwitch.by,
        });
        return killSwitch;
      },
      {
        description: 'Stops or allows all actions: {"on": true, "by": "you", "reason": "…"}',
        validator: (message: unknown) => expectOnOff(message),
      },
    );
    setHandler(killSwitchQuery, () => this.state.killSwitch, {
      description: 'Whether all actions are stopped',
    });
    setHandler(monitorQuery, view, { description: 'Mode, maintenance, silences, kill switch' });
    setHandler(
      maintenanceUpdate,
      (message) => {
        const nowMs = Date.now();
        const untilMs = untilOf(message, nowMs) ?? 0;
        const ask = { ...by(message), untilMs, window: message.window };
        this.adopt(
          message.on
            ? enterMaintenance(this.state, ask, nowMs)
            : leaveMaintenance(this.state, nowMs),
        );
        return view();
      },
      {
        description:
          'Enters or leaves maintenance: {"on": true, "forMs": 7200000, "by": "you", "reason": "…"}',
        validator: (message: MaintenanceMessage) => {
          expectOnOff(message);
          if (!message.on) return;
          const nowMs = Date.now();
          if (!((untilOf(message, nowMs) ?? 0) > nowMs)) {
            throw new Error('untilMs or forMs: expected an end to come, like {"forMs": 7200000}');
          }
        },
      },
    );
    setHandler(
      modeUpdate,
      (message) => {
        const { mode } = message;
        const nowMs = Date.now();
        const untilMs = untilOf(message, nowMs);
        const held = mode === 'auto' ? undefined : { mode, ...by(message), atMs: nowMs, untilMs };
        this.adopt(holdMode(this.state, held, nowMs));
        return view();
      },
      {
        description: 'Holds a mode, or (auto) gives it back to the rule: {"mode": "high-alert"}',
        validator: ({ mode }: ModeMessage) => {
          if (['auto', 'normal', 'high-alert', 'emergency'].includes(mode)) return;
          throw new Error('mode: expected auto, normal, high-alert or emergency');
        },
      },
    );
    setHandler(
      silenceUpdate,
      (message) => {
        const silence = silenceFrom(message, message.id ?? uuid4().slice(0, 8));
        const next = addSilence(this.state, silence, Date.now());
        if (!('problem' in next)) this.adopt(next);
        return silence;
      },
      {
        description:
          'Mutes alerts: {"matchers": [{"name": "service", "op": "=", "value": "chat"}], "owner": "you", "reason": "…", "forMs": 3600000}',
        validator: (message: SilenceMessage) => {
          if (!Array.isArray(message.matchers)) throw new Error('matchers: expected a list');
          const silence = silenceFrom(message, message.id ?? '');
          const problem = silenceProblem(silence, Date.now());
          if (problem !== undefined) throw new Error(problem);
          const next = addSilence(this.state, silence, Date.now());
          if ('problem' in next) throw new Error(next.problem);
        },
      },
    );
    setHandler(
      unsilenceUpdate,
      ({ id }) => {
        const next = removeSilence(this.state, id);
        if (next !== undefined) this.adopt(next);
        return view();
      },
      {
        description: 'Ends a silence: {"id": "…", "by": "you"}',
        validator: ({ id }: { readonly id: string }) => {
          if (removeSilence(this.state, id) === undefined) throw new Error(`no silence "${id}"`);
        },
      },
    );
  }

  private handleAlerts(): void {
    setHandler(factsSignal, (facts) => this.adopt(withFacts(this.state, facts, Date.now())), {
      description: 'What a detector sees',
    });
    setHandler(judgeUpdate, (asks) => asks.map((ask) => this.judge(ask)), {
      description: 'Whether people are told of stages of incidents',
    });
    setHandler(judgeOneUpdate, (ask) => this.judge(ask), {
      description: 'The same for one stage, as it was asked before',
    });
    setHandler(
      goneSignal,
      ({ runId }) => {
        const service = this.state.book.open.find((o) => o.runId === runId)?.labels.service;
        const book = leave(this.state.book, runId);
        this.adopt({ ...this.state, book });
        if (service !== undefined) this.toWake.push(...untoldOf(book, service));
      },
      { description: 'An incident ended without a word: {"runId": "…"}' },
    );
  }
}

function expectOnOff(message: unknown): void {
  if (typeof (message as { on?: unknown } | undefined)?.on === 'boolean') return;
  throw new Error('on: expected true or false, like {"on": true}');
}

function untilOf(
  { untilMs, forMs }: { untilMs?: number; forMs?: number },
  nowMs: number,
): number | undefined {
  return untilMs ?? (forMs === undefined ? undefined : nowMs + forMs);
}

function silenceFrom(message: SilenceMessage, id: string): Silence {
  const { matchers, owner = '', reason = '', startsAtMs = Date.now(), forMs } = message;
  const endsAtMs = message.endsAtMs ?? (forMs === undefined ? 0 : startsAtMs + forMs);
  return { id, matchers, owner, reason, startsAtMs, endsAtMs };
}
