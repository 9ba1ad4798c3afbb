import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../../src/domain/monitor/alert-record.js';
import type { AlertSnapshot } from '../../../src/domain/monitor/alert.js';
import {
  alertText,
  joinedText,
  lengthText,
  notificationKind,
} from '../../../src/domain/monitor/alert-text.js';

const AT_MS = Date.UTC(2026, 10, 25, 4, 20, 3);
const snapshot = (over: Partial<AlertSnapshot> = {}): AlertSnapshot => ({
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  openedAtMs: AT_MS + 16_000,
  violation: {
    fingerprint: 'chat:engine-2:request_latency_p95',
    service: 'chat',
    replica: 'engine-2',
    threshold: 'request_latency_p95',
    metric: 'request_latency_p95',
    violationType: 'latency_breach',
    severity: 'critical',
    value: 938.3,
    limit: 250,
    unit: 'ms',
    direction: 'upper',
    windowMs: 300_000,
    startedAtMs: AT_MS,
    detectedAtMs: AT_MS + 16_000,
  },
  state: 'recovering',
  outcome: undefined,
  procedure: 'latency_spike',
  why: 'latency',
  lastLine: 'weight of engines/engine-2 100 → 10',
  waiting: undefined,
  owed: ['set server engines/engine-2 weight 100'],
  acknowledgedBy: undefined,
  probableCause: undefined,
  ...over,
});
const text = (kind: AlertKind, over: Partial<AlertSnapshot> = {}) =>
  alertText({ kind, snapshot: snapshot(over), nowMs: AT_MS + 16_000, level: 1 });

describe('the text of an alert', () => {
  it('says what, where, how bad, since when, what is being done, and how to stop it', () => {
    expect(text('violation').title).toBe(
      'Critical violation: request_latency_p95 of chat/engine-2',
    );
    expect(text('violation').text.split('\n')).toEqual([
      '**What:** request_latency_p95 is 938.3 ms, above its limit of 250 ms',
      '**Where:** chat/engine-2',
      '**How bad:** critical, 275 % above its limit',
      '**Since:** 2026-11-25 04:20:03Z (16 s), incident opened 2026-11-25 04:20:19Z',
      '**Being done:** latency_spike is recovering: weight of engines/engine-2 100 → 10. Still in force, to be undone by: set server engines/engine-2 weight 100',
      '**To stop it:** `paramedic abort incident:chat:engine-2:request_latency_p95` stops and undoes it, `paramedic kill-switch on` stops everything; `paramedic acknowledge incident:chat:engine-2:request_latency_p95` says that you have it',
    ]);
  });

  it('of an approval says what is asked, until when, and what happens unanswered', () => {
    const waiting = { line: 'restart engine-2', untilMs: AT_MS + 900_000, onTimeout: 'skip' };
    const asked = text('approval', { waiting });
    expect(asked.title).toContain('Approval wanted until 2026-11-25 04:35:03Z');
    expect(asked.text).toContain('(unanswered: skip): restart engine-2');
    expect(asked.text).toContain('paramedic approve|deny incident:chat');
    expect(asked.actions).toEqual(['acknowledge', 'approve', 'deny', 'abort']);
  });

  it.each<[AlertKind, Partial<AlertSnapshot>, string, readonly string[]]>([
    ['recovery', { outcome: 'recovered' }, 'Recovered', ['acknowledge']],
    ['recovery', { outcome: 'rolled-back' }, 'Recovery rolled-back', ['acknowledge']],
    ['escalated', { state: 'escalated' }, 'A person must look', ['acknowledge']],
    ['unacknowledged', {}, 'Not acknowledged, level 2', ['acknowledge', 'abort']],
    ['acknowledged', { acknowledgedBy: 'ada' }, 'Acknowledged by ada', ['abort']],
    ['resolved', { state: 'resolved' }, 'Resolved', []],
  ])('%s', (kind, over, lead, actions) => {
    const { title, actions: offered } = text(kind, over);
    expect(title.startsWith(`${lead}: `)).toBe(true);
    expect(offered).toEqual(actions);
  });

  it('leaves out what it does not know', () => {
    const violation = { ...snapshot().violation, replica: undefined, value: Number.NaN };
    const { text: lines, facts } = text('violation', { violation });
    expect(lines).toContain('**Where:** chat\n');
    expect(lines).toContain('unknown ms');
    expect(lines).toContain('beyond its limit');
    expect(facts.map(({ name }) => name)).not.toContain('Replica');
  });
});

it.each<[AlertKind, boolean, string]>([
  ['violation', false, 'trigger'],
  ['recovery', false, 'trigger'],
  ['recovery', true, 'update'],
  ['rca', true, 'update'],
  ['severity', true, 'trigger'],
  ['unacknowledged', true, 'trigger'],
  ['rollback-incomplete', true, 'trigger'],
  ['acknowledged', true, 'acknowledge'],
  ['resolved', true, 'resolve'],
])('%s (told before: %s) is a %s', (kind, isPaged, is) => {
  expect(notificationKind(kind, isPaged)).toBe(is);
});

it('lists those who joined a page, ten at most', () => {
  const one = (n: number) => ({
    ...{ incidentId: `incident:${n}`, runId: `${n}`, alertId: `alert:${n}`, dedupKey: `${n}` },
    ...{ severity: 'minor' as const, openedAtMs: 0, pagedAtMs: undefined, joinedAtMs: undefined },
    labels: {
      ...{ service: 'chat', replica: `engine-${n}`, threshold: 't', metric: 'p95' },
      ...{ type: 'latency_breach', severity: 'minor', fingerprint: `chat:engine-${n}:t` },
    },
  });
  const all = Array.from({ length: 12 }, (_, n) => one(n));
  expect(joinedText('chat', all).title).toBe('12 more incidents of chat');
  expect(joinedText('chat', all).text.split('\n')).toHaveLength(11);
  expect(joinedText('chat', all.slice(0, 1)).title).toBe('1 more incident of chat');
});

it.each([
  [0, '0 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_140_000, '119 min'],
  [7_500_000, '2 h 05 min'],
])('%d ms is %s', (lengthMs, words) => {
  expect(lengthText(lengthMs)).toBe(words);
});
