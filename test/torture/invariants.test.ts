import { describe, expect, it } from 'vitest';
import type { Balance } from '../../src/drill/balance.js';
import type { Evidence, TimelineRow } from '../../torture/evidence.js';
import { figuresOf } from '../../torture/figures.js';
import { checkInvariants, INVARIANTS, type InvariantName } from '../../torture/invariants.js';
import { PLANTS } from '../../torture/plants.js';
import { storyOf } from '../../torture/story.js';
import { CLOCK_FURTHEST_MS, schedule } from '../../torture/schedule.js';

const ID = 'incident:chat:engine-2:request_latency_p95';
const OTHER = 'incident:chat:engine-3:request_latency_p95';

function lines(incidentId: string, runId: string, atMs: number, stages: string[]): TimelineRow[] {
  return stages.map((stage, index) => ({
    ...{ incidentId, runId, sequence: index + 1, atMs: atMs + 100 * index, stage, line: stage },
  }));
}

function incident(id: string, runId: string, openedAtMs: number, resolvedAtMs: number) {
  const replica = id.split(':')[2] ?? null;
  return {
    ...{ id, runId, state: 'resolved', outcome: 'recovered', service: 'chat', replica },
    ...{ procedure: 'latency_spike', openedAtMs, resolvedAtMs },
  };
}

const STORY = [
  'violation',
  'plan',
  'try',
  'changed',
  'verified',
  'recovered',
  'released',
  'closed',
];

const BALANCE: Balance = {
  servers: ['engine-1', 'engine-2'].map((name) => ({ name, weight: 100, admin: 'ready' })),
  maps: { circuit: [] },
};

/** Two incidents of one replica after each other, one of another at the same time; all went well. */
const CLEAN: Evidence = {
  gateway: [
    {
      ...{ seq: 1, atMs: 1_200, command: 'set server engines/engine-2 weight 10' },
      ...{ changed: true, inService: 3 },
    },
    {
      ...{ seq: 2, atMs: 1_700, command: 'set server engines/engine-2 weight 100' },
      ...{ changed: true, inService: 3 },
    },
  ],
  supervisor: [
    { seq: 1, atMs: 900, what: 'fault', target: 'engine-2', operationId: null },
    { seq: 2, atMs: 5_000, what: 'restart', target: 'engine-2', operationId: 'run-2:restart:1' },
    { seq: 3, atMs: 6_000, what: 'scale', target: 'fleet', operationId: 'run-2:scale:2' },
    { seq: 4, atMs: 7_000, what: 'scale', target: 'fleet', operationId: 'run-2:scale:3' },
  ],
  incidents: [
    incident(ID, 'run-1', 1_000, 2_000),
    incident(ID, 'run-2', 200_000, 300_000),
    incident(OTHER, 'run-3', 1_000, 2_000),
  ],
  timeline: [
    ...lines(ID, 'run-1', 1_000, STORY),
    ...lines(ID, 'run-2', 200_000, STORY),
    ...lines(OTHER, 'run-3', 1_000, STORY),
  ],
  reports: [
    { incidentId: ID, runId: 'run-1' },
    { incidentId: ID, runId: 'run-2' },
    { incidentId: OTHER, runId: 'run-3' },
  ],
  audit: [{ what: 'abort', target: ID, outcome: 'accepted' }],
  violations: [
    { fingerprint: 'chat:engine-2:request_latency_p95', atMs: 990 },
    { fingerprint: 'chat:engine-2:request_latency_p95', atMs: 1_500 },
  ],
  orders: [{ incidentId: ID, order: 'abort' }],
  balancer: { before: BALANCE, after: BALANCE },
  replicas: { before: 3, after: 3 },
  release: { before: 'r1', after: 'r1' },
  minHealthyReplicas: 1,
  clockPlayMs: 100,
};

const found = (evidence: Evidence) => [
  ...new Set(checkInvariants(evidence).map(({ invariant }) => invariant)),
];

describe('the checker of a torture run', () => {
  it('has nothing to say of a clean run', () => {
    expect(checkInvariants(CLEAN)).toEqual([]);
  });

  it.each(Object.keys(INVARIANTS) as InvariantName[])('catches a planted bug: %s', (name) => {
    expect(found(PLANTS[name](CLEAN))).toEqual([name]);
  });

  it('misses a violation that no incident took', () => {
    const violations = [{ fingerprint: 'chat:engine-1:request_latency_p95', atMs: 1_000 }];
    expect(found({ ...CLEAN, violations })).toEqual(['one-incident']);
  });

  it('minds nothing of what a person does by hand, twice or not', () => {
    const restart = { ...CLEAN.supervisor[1]!, target: 'engine-1' };
    const byHand = [7, 8].map((n) => ({
      ...restart,
      seq: n,
      operationId: `by-hand:engine-1:${n}`,
    }));
    const supervisor = [...CLEAN.supervisor, ...byHand];
    expect(checkInvariants({ ...CLEAN, supervisor })).toEqual([]);
  });

  it('finds a restart that was done twice under two operation ids of one step', () => {
    const twice = { ...CLEAN.supervisor[1]!, operationId: 'run-2:restart:2' };
    expect(found({ ...CLEAN, supervisor: [...CLEAN.supervisor, twice] })).toEqual([
      'no-double-effect',
    ]);
  });

  const SCALE = 'drain and remove the added server, then scale chat back to 3 replicas';
  const balancerWith = (...servers: Balance['servers']) => ({
    balancer: { before: BALANCE, after: { ...BALANCE, servers } },
  });
  const [ONE, TWO] = BALANCE.servers as [Balance['servers'][0], Balance['servers'][0]];
  const THREE = { ...ONE, name: 'engine-3' };
  const circuit = { ...BALANCE, maps: { circuit: [['chat', 'open']] } };

  it.each([
    ['a replica too many', { replicas: { before: 3, after: 4 } }, SCALE],
    ['its server', balancerWith(ONE, TWO, THREE), SCALE],
    ['a server too few', balancerWith(ONE), SCALE],
    [
      'a weight',
      balancerWith({ ...ONE, weight: 5 }, TWO),
      'set server engines/engine-1 weight 100',
    ],
    [
      'a drain',
      balancerWith({ ...ONE, admin: 'drain' }, TWO),
      'set server engines/engine-1 state ready',
    ],
    ['a circuit', { balancer: { before: BALANCE, after: circuit } }, 'clear map circuit'],
    ['another release', { release: { before: 'r1', after: 'r2' } }, 'activate release r1'],
  ])('finds what was left behind: %s, unless a person was told of it', (_what, change, line) => {
    expect(found({ ...CLEAN, ...change })).toEqual(['undos-settled']);
    const tell = (stage: string, text: string) =>
      found({
        ...{ ...CLEAN, ...change },
        timeline: [...CLEAN.timeline, { ...CLEAN.timeline[0]!, sequence: 9, stage, line: text }],
      });
    expect(tell('kept', `to undo by hand: ${line}`)).toEqual([]);
    expect(tell('released', line)).toEqual(['undos-settled']);
    // That another undo was left to a person is no word of this one.
    const other = 'set server engines/engine-12 weight 100';
    expect(tell('kept', `to undo by hand: ${other}`)).toEqual(['undos-settled']);
  });

  it('takes a recovery of the service for one on all of its replicas', () => {
    const incidents = CLEAN.incidents.map((i) => (i.id === OTHER ? { ...i, replica: null } : i));
    expect(found({ ...CLEAN, incidents })).toEqual(['one-recovery']);
  });

  it('misses a line of a timeline, and an order in the audit', () => {
    const timeline = CLEAN.timeline.filter(
      ({ runId, sequence }) => runId !== 'run-2' || sequence !== 4,
    );
    expect(found({ ...CLEAN, timeline })).toEqual(['records-complete']);
    expect(found({ ...CLEAN, audit: [] })).toEqual(['records-complete']);
  });
});

describe('the figures of a torture run', () => {
  it('tell how long the first action took, apart where another recovery was in its way', () => {
    const timeline = CLEAN.timeline.map((line) =>
      line.runId === 'run-2' && line.stage === 'plan' ? { ...line, stage: 'waiting' } : line,
    );
    // Lines are 100 ms apart: it is tried with the third, and has changed something with the fourth.
    expect(figuresOf({ ...CLEAN, timeline })).toEqual({
      ...{ incidents: 3, outcomes: { recovered: 3 }, recovered: { n: 3, of: 3 } },
      toFirstActionMs: { p50: 200, p99: 200, n: 2 },
      throughFirstActionMs: { p50: 300, p99: 300, n: 2 },
      afterWaitingMs: { p50: 200, p99: 200, n: 1 },
    });
  });
});

describe('what a red torture run tells', () => {
  it('is all that it left, incident by incident', () => {
    const story = storyOf(CLEAN);
    expect(story[0]).toBe(`00:00:01.000  ${ID} (run-1): resolved, recovered`);
    expect(story).toContain('  4 00:00:01.300 changed: changed');
    expect(story).toContain(
      '00:00:01.200  gateway #1: set server engines/engine-2 weight 10, 3 in service',
    );
    expect(story).toContain(`order taken: abort of ${ID}`);
  });
});

describe('the schedule of a torture run', () => {
  const rounds = (seed: number, n: number) => {
    const all = schedule(seed);
    return Array.from({ length: n }, () => all.next().value);
  };

  it('follows from its seed', () => {
    expect(rounds(7, 20)).toEqual(rounds(7, 20));
    expect(rounds(7, 20)).not.toEqual(rounds(8, 20));
  });

  it('never leaves the clocks further apart than the checker allows for', () => {
    const furthest = Array.from({ length: 20 }, (_, seed) => {
      let clockMs = 0;
      const reached = rounds(seed, 300)
        .flatMap(({ blows }) => blows)
        .map(({ blow }) => (clockMs += blow.kind === 'clock-step' ? blow.byMs : 0));
      return Math.max(...reached.map(Math.abs));
    });
    expect(new Set(furthest)).toEqual(new Set([CLOCK_FURTHEST_MS]));
  });

  it('has every kind of blow within ten minutes’ worth of rounds', () => {
    const kinds = new Set(rounds(1, 8).flatMap(({ blows }) => blows.map(({ blow }) => blow.kind)));
    const all = ['kill', 'freeze', 'full-disk', 'clock-step', 'webhooks', 'operator', 'terminate'];
    for (const kind of all) {
      expect(kinds).toContain(kind);
    }
    expect([...kinds].some((kind) => ['slow', 'cut', 'silent'].includes(kind))).toBe(true);
  });
});
