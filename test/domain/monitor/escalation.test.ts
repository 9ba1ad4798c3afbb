import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../../src/domain/monitor/alert-record.js';
import {
  AT_THE_FOOT,
  channelsUpTo,
  climb,
  nextRung,
  type EscalationPolicy,
  type Ladder,
} from '../../../src/domain/monitor/escalation.js';
import type { Severity } from '../../../src/domain/sla/severity.js';

const POLICY: EscalationPolicy = {
  levels: [
    { afterMs: 0, channels: ['chat'] },
    { afterMs: 300_000, channels: ['chat', 'pager'] },
    { afterMs: 900_000, channels: ['boss'] },
  ],
  from: 'major',
};
const told = (over: Partial<Ladder> = {}): Ladder => ({
  ...{ level: 0, pagedAtMs: 1_000, severity: 'major', isAcknowledged: false },
  ...over,
});

describe('climbing by what happened', () => {
  it.each<[string, Ladder, AlertKind, Severity, boolean, number]>([
    ['a minor violation starts at the foot', AT_THE_FOOT, 'violation', 'minor', false, 0],
    ['a major violation too', AT_THE_FOOT, 'violation', 'major', false, 0],
    ['a critical violation escalates at once', AT_THE_FOOT, 'violation', 'critical', false, 1],
    ['one that becomes critical as well', told(), 'severity', 'critical', false, 1],
    ['a failed recovery of major escalates', told(), 'recovery', 'major', true, 1],
    ['a failed recovery of critical stays up', told({ level: 1 }), 'recovery', 'critical', true, 1],
    ['a failed recovery of minor does not', told(), 'recovery', 'minor', true, 0],
    ['a recovery that worked does not', told(), 'recovery', 'major', false, 0],
    ['an incomplete rollback does', told(), 'rollback-incomplete', 'major', false, 1],
    ['nothing brings it down again', told({ level: 2 }), 'violation', 'minor', false, 2],
    ['who acknowledged keeps it', told({ isAcknowledged: true }), 'recovery', 'critical', true, 0],
  ])('%s', (_, ladder, kind, severity, hasFailed, level) => {
    expect(climb(ladder, { kind, severity, hasFailed }, POLICY, 5_000).level).toBe(level);
  });

  it('counts waits from the first page', () => {
    const first = climb(
      AT_THE_FOOT,
      { kind: 'violation', severity: 'major', hasFailed: false },
      POLICY,
      5_000,
    );
    expect(first.pagedAtMs).toBe(5_000);
    const later = climb(
      first,
      { kind: 'severity', severity: 'critical', hasFailed: false },
      POLICY,
      9_000,
    );
    expect(later.pagedAtMs).toBe(5_000);
  });

  it('never climbs beyond the last level', () => {
    const one = { ...POLICY, levels: POLICY.levels.slice(0, 1) };
    const ladder = climb(
      AT_THE_FOOT,
      { kind: 'violation', severity: 'critical', hasFailed: false },
      one,
      0,
    );
    expect(ladder.level).toBe(0);
  });
});

describe('climbing because nobody acknowledged', () => {
  it.each<[string, Ladder, { level: number; atMs: number } | undefined]>([
    ['from the foot', told(), { level: 1, atMs: 301_000 }],
    ['from the second', told({ level: 1 }), { level: 2, atMs: 901_000 }],
    ['not from the top', told({ level: 2 }), undefined],
    ['not when acknowledged', told({ isAcknowledged: true }), undefined],
    ['not when nobody was told', AT_THE_FOOT, undefined],
    ['not for what is milder than configured', told({ severity: 'minor' }), undefined],
    ['also for what is graver', told({ severity: 'critical' }), { level: 1, atMs: 301_000 }],
  ])('%s', (_, ladder, next) => {
    expect(nextRung(ladder, POLICY)).toEqual(next);
  });
});

it.each([
  [-1, []],
  [0, ['chat']],
  [1, ['chat', 'pager']],
  [2, ['chat', 'pager', 'boss']],
])('tells everybody up to level %d: %j', (level, channels) => {
  expect(channelsUpTo(level, POLICY.levels)).toEqual(channels);
});
