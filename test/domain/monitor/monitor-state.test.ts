import { describe, expect, it } from 'vitest';
import { enter } from '../../../src/domain/monitor/alert-book.js';
import {
  addSilence,
  enterMaintenance,
  holdMode,
  leaveMaintenance,
  NEW_MONITOR,
  nextEndMs,
  removeSilence,
  settle,
  withFacts,
  wokenBy,
  type MonitorState,
  type SourceFacts,
} from '../../../src/domain/monitor/monitor-state.js';
import type { Silence } from '../../../src/domain/monitor/silence.js';

const facts = (over: Partial<SourceFacts> = {}): SourceFacts => ({
  ...{ source: 'a', atMs: 1_000, active: [], compliancePercent: 100 },
  ...over,
});
const open = (...names: string[]): SourceFacts['active'] =>
  names.map((fingerprint) => ({ fingerprint, severity: 'minor' }));
const ada = { by: 'ada', reason: 'kernel', window: undefined };
const silence = (id: string, endsAtMs = 9_000): Silence => ({
  ...{ id, owner: 'ada', reason: 'known', startsAtMs: 0, endsAtMs },
  matchers: [{ name: 'service', op: '=', value: 'chat' }],
});
const withOpen = (state: MonitorState): MonitorState => ({
  ...state,
  book: enter(state.book, {
    ...{
      incidentId: 'incident:x',
      runId: 'r',
      alertId: 'alert:r',
      severity: 'major',
      openedAtMs: 0,
      dedupKey: 'r',
    },
    labels: {
      ...{ service: 'chat', replica: '', threshold: 't', metric: 'm', type: 'latency_breach' },
      ...{ severity: 'major', fingerprint: 'x' },
    },
  }),
});

describe('facts', () => {
  it('count a violation that two detectors see once', () => {
    const one = withFacts(NEW_MONITOR, facts({ active: open('x', 'y') }), 1_000);
    const both = withFacts(one, facts({ source: 'b', active: open('y') }), 1_000);
    expect(both.mode).toBe('high-alert');
    const three = withFacts(both, facts({ source: 'b', active: open('y', 'z') }), 1_000);
    expect(three.mode).toBe('emergency');
    expect(three.why).toBe('3 open, 100 % compliant');
  });

  it('take the worst compliance of all', () => {
    const one = withFacts(NEW_MONITOR, facts({ compliancePercent: 90 }), 1_000);
    expect(withFacts(one, facts({ source: 'b' }), 1_000).mode).toBe('high-alert');
  });

  it('drop a word that arrives late', () => {
    const now = withFacts(NEW_MONITOR, facts({ atMs: 2_000, active: open('x') }), 2_000);
    expect(withFacts(now, facts({ atMs: 1_000 }), 2_001)).toBe(now);
  });

  it('of a detector that fell silent count no more, and the mode stays where nobody speaks', () => {
    const one = withFacts(NEW_MONITOR, facts({ active: open('x') }), 1_000);
    const later = settle(one, 1_000 + 16 * 60_000);
    expect([later.mode, later.why]).toEqual(['high-alert', 'nothing was measured lately']);
    const other = withFacts(later, facts({ source: 'b', atMs: 1_000_000 }), 1_000_000);
    expect(other.mode).toBe('normal');
  });

  it('keep the time since which a mode holds', () => {
    const one = withFacts(NEW_MONITOR, facts({ active: open('x') }), 1_000);
    const two = withFacts(one, facts({ atMs: 2_000, active: open('x', 'y') }), 2_000);
    expect([two.mode, two.sinceMs]).toEqual(['high-alert', 1_000]);
  });
});

describe('maintenance', () => {
  it('covers the automatic mode until its end, which is then found anew', () => {
    const busy = withFacts(NEW_MONITOR, facts({ active: open('x', 'y', 'z') }), 1_000);
    const on = enterMaintenance(busy, { ...ada, untilMs: 5_000 }, 2_000);
    expect([on.mode, on.why, nextEndMs(on)]).toEqual(['maintenance', 'by ada: kernel', 5_000]);
    // Whatever is measured meanwhile does not end it.
    const calm = withFacts(on, facts({ atMs: 3_000 }), 3_000);
    expect(calm.mode).toBe('maintenance');
    expect(settle(calm, 4_999).mode).toBe('maintenance');
    const over = settle(calm, 5_000);
    expect([over.mode, over.maintenance, over.sinceMs]).toEqual(['normal', undefined, 5_000]);
  });

  it('wakes every open incident at its end, and nobody else at other times', () => {
    const before = enterMaintenance(withOpen(NEW_MONITOR), { ...ada, untilMs: 5_000 }, 1_000);
    expect(wokenBy(before, settle(before, 2_000))).toEqual([]);
    expect(wokenBy(before, settle(before, 5_000)).map((o) => o.incidentId)).toEqual(['incident:x']);
    expect(wokenBy(before, leaveMaintenance(before, 2_000))).toHaveLength(1);
  });

  it('by a schedule is not entered again after an operator ended it', () => {
    const ask = { by: 'the schedule', reason: 'weekly', window: 'weekly@1', untilMs: 5_000 };
    const on = enterMaintenance(NEW_MONITOR, ask, 1_000);
    const off = leaveMaintenance(on, 2_000);
    expect(enterMaintenance(off, ask, 2_001)).toBe(off);
    expect(enterMaintenance(off, { ...ask, window: 'weekly@2' }, 2_001).mode).toBe('maintenance');
  });

  it('of an operator is not shortened by a schedule, but by an operator', () => {
    const on = enterMaintenance(NEW_MONITOR, { ...ada, untilMs: 9_000 }, 1_000);
    const ask = { by: 'the schedule', reason: 'weekly', window: 'weekly@1', untilMs: 5_000 };
    expect(enterMaintenance(on, ask, 2_000)).toBe(on);
    expect(enterMaintenance(on, { ...ada, untilMs: 4_000 }, 2_000).maintenance?.untilMs).toBe(
      4_000,
    );
  });

  it('that is over before it is entered changes nothing', () => {
    expect(enterMaintenance(NEW_MONITOR, { ...ada, untilMs: 1_000 }, 1_000)).toBe(NEW_MONITOR);
  });
});

describe('a held mode', () => {
  const held = { mode: 'emergency' as const, by: 'ada', reason: 'launch', atMs: 1_000 };
  it('wins over the rule until its end', () => {
    const calm = withFacts(NEW_MONITOR, facts(), 1_000);
    const on = holdMode(calm, { ...held, untilMs: 5_000 }, 1_000);
    expect([on.mode, on.why]).toEqual(['emergency', 'held by ada: launch']);
    expect(settle(on, 5_000).mode).toBe('normal');
    expect(holdMode(on, undefined, 2_000).mode).toBe('normal');
  });
  it('does not win over maintenance', () => {
    const on = holdMode(NEW_MONITOR, { ...held, untilMs: undefined }, 1_000);
    expect(enterMaintenance(on, { ...ada, untilMs: 9_000 }, 2_000).mode).toBe('maintenance');
  });
});

describe('silences', () => {
  it('are kept until their end, then whoever was muted is woken', () => {
    const state = addSilence(withOpen(NEW_MONITOR), silence('s1', 5_000), 1_000);
    if ('problem' in state) throw new Error(state.problem);
    expect(nextEndMs(state)).toBe(5_000);
    const after = settle(state, 5_000);
    expect(after.silences).toEqual([]);
    expect(wokenBy(state, after)).toHaveLength(1);
  });

  it('are refused with the reason', () => {
    expect(addSilence(NEW_MONITOR, { ...silence('s1'), owner: '' }, 1_000)).toEqual({
      problem: 'owner: expected who to ask about it',
    });
  });

  it('are removed by id', () => {
    const state = addSilence(NEW_MONITOR, silence('s1'), 1_000);
    if ('problem' in state) throw new Error(state.problem);
    expect(removeSilence(state, 's1')?.silences).toEqual([]);
    expect(removeSilence(state, 's2')).toBeUndefined();
  });
});
