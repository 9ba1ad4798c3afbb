import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../../src/domain/monitor/alert-record.js';
import {
  EMPTY_BOOK,
  type AlertPolicy,
  type AlertSubject,
} from '../../../src/domain/monitor/alert-book.js';
import { judgeAlert, type AlertWorld } from '../../../src/domain/monitor/judge-alert.js';
import type { Silence } from '../../../src/domain/monitor/silence.js';
import type { Severity } from '../../../src/domain/sla/severity.js';

const S = 1_000;
const POLICY: AlertPolicy = {
  cooldownMs: { normal: 300 * S, 'high-alert': 60 * S, emergency: 30 * S, maintenance: 900 * S },
  grouping: { withinMs: 300 * S, everyMs: 60 * S },
  flapping: { opens: 3, withinMs: 3_600 * S, holdMs: 600 * S },
};

function subject(
  name: string,
  over: {
    replica?: string;
    service?: string;
    severity?: Severity;
    openedAtMs?: number;
    run?: string;
  } = {},
): AlertSubject {
  const {
    replica = 'engine-1',
    service = 'chat',
    severity = 'major',
    openedAtMs = 0,
    run = name,
  } = over;
  return {
    ...{
      incidentId: `incident:${name}`,
      runId: run,
      alertId: `alert:${run}`,
      severity,
      openedAtMs,
      dedupKey: run,
    },
    labels: {
      ...{ service, replica, threshold: name, metric: name, type: 'latency_breach', severity },
      fingerprint: `${service}:${replica}:${name}`,
    },
  };
}

/** Alerts of one monitor, one after the other. */
class Desk {
  world: AlertWorld = { mode: 'normal', maintenance: undefined, silences: [], book: EMPTY_BOOK };
  readonly #paged = new Set<string>();

  ask(one: AlertSubject, kind: AlertKind, atS: number, key = '') {
    const isPaged = this.#paged.has(one.runId);
    const ask = { subject: one, kind, key, isPaged, policy: POLICY };
    const { book, judgement } = judgeAlert(this.world, ask, atS * S);
    this.world = { ...this.world, book };
    if (judgement.state === 'sent') this.#paged.add(one.runId);
    return judgement;
  }
}

const silence: Silence = {
  ...{ id: 's1', owner: 'ada', reason: 'known', startsAtMs: 0, endsAtMs: 500 * S },
  matchers: [{ name: 'service', op: '=', value: 'chat' }],
};

describe('maintenance', () => {
  const maintenance = {
    ...{ sinceMs: 0, untilMs: 1_000 * S, by: 'ada', reason: 'kernel', window: undefined },
  };
  it.each<AlertKind>(['violation', 'approval', 'recovery', 'rollback-incomplete', 'rca'])(
    'suppresses %s, says why and when to ask again',
    (kind) => {
      const desk = new Desk();
      desk.world = { ...desk.world, mode: 'maintenance', maintenance };
      const judged = desk.ask(subject('a', { severity: 'critical' }), kind, 10);
      expect(judged).toMatchObject({ state: 'suppressed', recheckAtMs: 1_000 * S });
      expect(judged.why).toContain('maintenance by ada');
    },
  );

  it('puts off the end too, for those who heard of the beginning', () => {
    const desk = new Desk();
    desk.ask(subject('a'), 'violation', 0);
    desk.world = { ...desk.world, mode: 'maintenance', maintenance };
    expect(desk.ask(subject('a'), 'resolved', 10)).toMatchObject({
      ...{ state: 'suppressed', recheckAtMs: 1_000 * S },
    });
    desk.world = { ...desk.world, mode: 'normal', maintenance: undefined };
    expect(desk.ask(subject('a'), 'resolved', 1_000).state).toBe('sent');
    expect(desk.world.book.open).toEqual([]);
  });

  it('lets what is still open be told at its end', () => {
    const desk = new Desk();
    desk.world = { ...desk.world, mode: 'maintenance', maintenance };
    desk.ask(subject('a'), 'violation', 10);
    desk.world = { ...desk.world, mode: 'high-alert', maintenance: undefined };
    expect(desk.ask(subject('a'), 'violation', 20).state).toBe('sent');
  });
});

describe('silences', () => {
  it('mute what they match until they end', () => {
    const desk = new Desk();
    desk.world = { ...desk.world, silences: [silence] };
    expect(desk.ask(subject('a'), 'violation', 10)).toMatchObject({
      ...{ state: 'silenced', recheckAtMs: 500 * S },
      why: expect.stringContaining('silence s1 of ada') as string,
    });
    expect(desk.ask(subject('b', { service: 'embed' }), 'violation', 10).state).toBe('sent');
    expect(desk.ask(subject('a'), 'violation', 500).state).toBe('sent');
  });

  it('do not keep the end from those who heard of the beginning', () => {
    const desk = new Desk();
    desk.ask(subject('a'), 'violation', 0);
    desk.world = { ...desk.world, silences: [silence] };
    expect(desk.ask(subject('a'), 'recovery', 10, 'recovered').state).toBe('silenced');
    expect(desk.ask(subject('a'), 'resolved', 20).state).toBe('sent');
  });
});

describe('inhibition', () => {
  const service = subject('all', { replica: '', severity: 'major' });
  it.each<[string, Severity, string, string]>([
    ['a replica as grave', 'major', 'chat', 'inhibited'],
    ['a milder replica', 'minor', 'chat', 'inhibited'],
    ['not a graver replica', 'critical', 'chat', 'sent'],
    ['not another service’s', 'major', 'embed', 'sent'],
  ])('by the service’s incident: %s', (_, severity, of, state) => {
    const desk = new Desk();
    desk.ask(service, 'violation', 0);
    expect(desk.ask(subject('a', { severity, service: of }), 'violation', 1).state).toBe(state);
  });

  it('only by one that people were told of', () => {
    const desk = new Desk();
    const muted = { ...silence, matchers: [{ name: 'replica', op: '=', value: '' }] as const };
    desk.world = { ...desk.world, silences: [muted] };
    expect(desk.ask(service, 'violation', 0).state).toBe('silenced');
    expect(desk.ask(subject('a'), 'violation', 1).state).toBe('sent');
  });

  it('ends with it', () => {
    const desk = new Desk();
    desk.ask(service, 'violation', 0);
    expect(desk.ask(subject('a'), 'violation', 1)).toMatchObject({ state: 'inhibited' });
    desk.ask(service, 'resolved', 50);
    expect(desk.ask(subject('a'), 'violation', 51).state).toBe('sent');
  });

  it('never keeps a person from what only a person can do', () => {
    const desk = new Desk();
    desk.ask(service, 'violation', 0);
    desk.ask(subject('a'), 'violation', 1);
    expect(desk.ask(subject('a'), 'approval', 2).state).toBe('sent');
  });
});

describe('the cooldown', () => {
  it.each([
    ['normal', 299, 'suppressed'],
    ['normal', 300, 'sent'],
    ['high-alert', 59, 'suppressed'],
    ['high-alert', 60, 'sent'],
    ['emergency', 29, 'suppressed'],
    ['emergency', 30, 'sent'],
  ] as const)('in %s, opened again after %d s: %s', (mode, atS, state) => {
    const desk = new Desk();
    desk.world = { ...desk.world, mode };
    desk.ask(subject('a', { run: '1' }), 'violation', 0);
    desk.ask(subject('a', { run: '1' }), 'resolved', 5);
    const again = subject('a', { run: '2', openedAtMs: 10 * S });
    expect(desk.ask(again, 'violation', atS).state).toBe(state);
  });

  it('is told when it is over, should it be open still', () => {
    const desk = new Desk();
    desk.ask(subject('a', { run: '1' }), 'violation', 0);
    desk.ask(subject('a', { run: '1' }), 'resolved', 5);
    const again = subject('a', { run: '2', openedAtMs: 10 * S });
    expect(desk.ask(again, 'violation', 10).recheckAtMs).toBe(300 * S);
    expect(desk.ask(again, 'violation', 300).state).toBe('sent');
  });

  it('does not hold up what is graver', () => {
    const desk = new Desk();
    desk.ask(subject('a', { severity: 'minor', run: '1' }), 'violation', 0);
    desk.ask(subject('a', { severity: 'minor', run: '1' }), 'resolved', 5);
    const graver = subject('a', { severity: 'critical', run: '2', openedAtMs: 10 * S });
    expect(desk.ask(graver, 'violation', 10).state).toBe('sent');
  });

  it('counts kinds and outcomes apart: a result is told though the violation was just told', () => {
    const desk = new Desk();
    desk.ask(subject('a'), 'violation', 0);
    expect(desk.ask(subject('a'), 'recovery', 10, 'rolled-back').state).toBe('sent');
    expect(desk.ask(subject('a'), 'recovery', 20, 'rolled-back')).toMatchObject({
      ...{ state: 'suppressed', recheckAtMs: undefined },
    });
    expect(desk.ask(subject('a'), 'recovery', 30, 'recovered').state).toBe('sent');
  });
});

it('damps flapping: the fourth opening within the hour is told when it has held', () => {
  const desk = new Desk();
  for (const n of [1, 2, 3]) {
    const one = subject('a', { run: `${n}`, openedAtMs: n * 400 * S });
    expect(desk.ask(one, 'violation', n * 400).state).toBe('sent');
    desk.ask(one, 'resolved', n * 400 + 60);
  }
  const fourth = subject('a', { run: '4', openedAtMs: 1_600 * S });
  const judged = desk.ask(fourth, 'violation', 1_600);
  expect(judged).toMatchObject({ state: 'suppressed', recheckAtMs: 2_200 * S });
  expect(judged.why).toContain('flapping: opened 4 times');
  expect(desk.ask(fourth, 'violation', 2_200).state).toBe('sent');
});

describe('grouping', () => {
  const other = (n: number, over: Parameters<typeof subject>[1] = {}) =>
    subject(`t${n}`, { replica: `engine-${n}`, ...over });

  it('makes one page of a service’s incidents, and tells it of those who joined, together', () => {
    const desk = new Desk();
    expect(desk.ask(other(1), 'violation', 0).state).toBe('sent');
    const second = desk.ask(other(2), 'violation', 1);
    expect(second).toMatchObject({ state: 'grouped', joined: [], recheckAtMs: 60 * S });
    expect(second.under?.incidentId).toBe('incident:t1');
    desk.ask(other(3), 'violation', 2);
    const due = desk.ask(other(2), 'violation', 60);
    expect(due.joined.map((o) => o.incidentId)).toEqual(['incident:t2', 'incident:t3']);
    // Both were told of: the third is not told again.
    expect(desk.ask(other(3), 'violation', 60)).toMatchObject({ state: 'grouped', joined: [] });
  });

  it.each<[string, Parameters<typeof subject>[1], number, string]>([
    ['a graver one pages by itself', { severity: 'critical' }, 1, 'sent'],
    ['another service’s too', { service: 'embed' }, 1, 'sent'],
    ['one that opens long after as well', { openedAtMs: 300 * S }, 300, 'sent'],
    ['a milder one joins', { severity: 'minor' }, 1, 'grouped'],
  ])('%s', (_, over, atS, state) => {
    const desk = new Desk();
    desk.ask(other(1), 'violation', 0);
    expect(desk.ask(other(2, over), 'violation', atS).state).toBe(state);
  });

  it('lets one page for itself when the page that it joined is over', () => {
    const desk = new Desk();
    desk.ask(other(1), 'violation', 0);
    desk.ask(other(2), 'violation', 1);
    desk.ask(other(1), 'resolved', 30);
    expect(desk.ask(other(2), 'violation', 31).state).toBe('sent');
  });
});

it('tells nobody of the end who was not told of the beginning', () => {
  const desk = new Desk();
  desk.world = { ...desk.world, silences: [silence] };
  desk.ask(subject('a'), 'violation', 0);
  expect(desk.ask(subject('a'), 'resolved', 10)).toMatchObject({ state: 'suppressed' });
  expect(desk.world.book.open).toEqual([]);
});
