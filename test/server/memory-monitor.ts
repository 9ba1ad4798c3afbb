import {
  addSilence,
  enterMaintenance,
  holdMode,
  leaveMaintenance,
  NEW_MONITOR,
  removeSilence,
  viewOf,
  type MonitorState,
} from '../../src/domain/monitor/monitor-state.js';
import type { Monitor } from '../../src/server/monitor.js';
import { Problem } from '../../src/server/problem.js';

const refusal = (why: string) => new Problem(409, 'Refused', why);

/** The monitor's own rules without Temporal around them. */
export function memoryMonitor(nowMs: () => number): Monitor {
  let state = NEW_MONITOR;
  const become = (next: MonitorState) => {
    state = next;
    return Promise.resolve(viewOf(state));
  };
  return {
    view: () => Promise.resolve(viewOf(state)),
    setMode({ mode, by = '', reason = '', untilMs, forMs }) {
      const atMs = nowMs();
      const endMs = untilMs ?? (forMs === undefined ? undefined : atMs + forMs);
      const held = mode === 'auto' ? undefined : { mode, by, reason, atMs, untilMs: endMs };
      return become(holdMode(state, held, atMs));
    },
    setMaintenance({ on, by = '', reason = '', window, untilMs, forMs = 0 }) {
      const atMs = nowMs();
      if (!on) return become(leaveMaintenance(state, atMs));
      const ask = { by, reason, window, untilMs: untilMs ?? atMs + forMs };
      return become(enterMaintenance(state, ask, atMs));
    },
    async addSilence({ id = 'silence-1', owner = '', reason = '', matchers, ...times }) {
      const atMs = nowMs();
      const { startsAtMs = atMs, endsAtMs = startsAtMs + (times.forMs ?? 0) } = times;
      const silence = { id, matchers, owner, reason, startsAtMs, endsAtMs };
      const next = addSilence(state, silence, atMs);
      if ('problem' in next) throw refusal(next.problem);
      await become(next);
      return silence;
    },
    async removeSilence({ id }) {
      const next = removeSilence(state, id);
      if (next === undefined) throw refusal(`no silence "${id}"`);
      return become(next);
    },
  };
}
