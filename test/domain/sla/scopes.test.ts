import { describe, expect, it } from 'vitest';

import { attribute, type ReplicaStanding } from '../../../src/domain/sla/attribution.js';
import type { Standing } from '../../../src/domain/sla/member.js';
import { SlaEvaluator } from '../../../src/domain/sla/evaluator.js';
import type { SlaSnapshot } from '../../../src/domain/sla/snapshot.js';
import { at, evaluatorOf, feed, series, story, T0 } from './feed.js';

const THREE = ['a', 'b', 'c'];
const from =
  (start: number, bad: readonly (string | undefined)[], end = Infinity) =>
  (s: number, replica: string | undefined) =>
    bad.includes(replica) && s >= start && s < end ? 300 : 150;

describe('attribution', () => {
  const of = (...standings: Standing[]): ReplicaStanding[] =>
    standings.map((standing, i) => ({ replica: `r${i}`, standing, isBlamed: false }));

  it.each([
    { service: undefined, replicas: of('sustained', 'fine', 'fine'), whose: ['r0'] },
    { service: undefined, replicas: of('sustained', 'leaning', 'fine'), whose: 'service' },
    { service: undefined, replicas: of('leaning', 'leaning', 'leaning'), whose: [] },
    { service: undefined, replicas: of('sustained', 'fine'), whose: ['r0'] },
    { service: undefined, replicas: of('sustained', 'sustained'), whose: 'service' },
    {
      service: undefined,
      replicas: of('sustained', 'sustained', 'fine', 'fine'),
      whose: ['r0', 'r1'],
    },
    { service: undefined, replicas: of('sustained'), whose: 'service' },
    { service: 'sustained', replicas: of(), whose: 'service' },
    { service: 'sustained', replicas: of('fine', 'fine', 'fine'), whose: 'service' },
    { service: 'sustained', replicas: of('leaning', 'fine', 'fine'), whose: ['r0'] },
    { service: 'fine', replicas: of('sustained', 'fine', 'fine'), whose: ['r0'] },
    { service: 'fine', replicas: of('fine', 'fine', 'fine'), whose: [] },
  ] as const)('$service, $replicas', ({ service, replicas, whose }) => {
    const decision = attribute(service, replicas);
    expect(decision.scope === 'service' ? 'service' : decision.replicas).toEqual(whose);
  });

  it('puts an echo in the service down to the replica that has just been bad', () => {
    const blamed = [{ replica: 'a', standing: 'fine', isBlamed: true }] as const;
    expect(attribute('sustained', blamed)).toEqual({ scope: 'replicas', replicas: [] });
  });
});

describe('scopes', () => {
  it('makes a bad replica among good peers its own violation', () => {
    const events = feed(evaluatorOf(), series(0, 1200, 1, from(600, ['b']), THREE));
    expect(story(events)).toEqual(['violation b critical @839']);
  });

  it.each([1, 10, 15, 60])(
    'makes one violation of the service when all go bad, staggered, every %d s',
    (periodS) => {
      // Each replica is scraped at its own time, so they meet the criteria a scrape apart.
      const samples = THREE.flatMap((replica, i) =>
        series(0, 1800, periodS, (s) => (s + (i * periodS) / 3 >= 600 ? 300 : 150)).map(
          (sample) => ({
            ...sample,
            replica,
            atMs: sample.atMs + (i * periodS * 1000) / 3,
          }),
        ),
      ).sort((x, y) => x.atMs - y.atMs);
      const lines = story(feed(evaluatorOf(), samples));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^violation service critical/);
    },
  );

  it.each([true, false])(
    'opens one violation with the service’s own series too (first: %s)',
    (first) => {
      const scopes = first ? [undefined, ...THREE] : [...THREE, undefined];
      const all = feed(evaluatorOf(), series(0, 1200, 1, from(600, scopes), scopes));
      expect(story(all)).toEqual(['violation service critical @839']);
      // One of three makes the service's p95 bad as well: it is that replica's.
      const one = feed(evaluatorOf(), series(0, 1200, 1, from(600, [undefined, 'b']), scopes));
      expect(story(one)).toEqual(['violation b critical @839']);
    },
  );

  it('keeps to one incident from onset to the end, echoes included', () => {
    const scopes = [undefined, ...THREE];
    const value = (s: number, replica: string | undefined) => {
      if (replica === 'b') return s >= 600 && s < 1500 ? 300 : 150;
      // The service's series sees it a little earlier, and a little longer.
      return replica === undefined && s >= 590 && s < 1620 ? 300 : 150;
    };
    expect(story(feed(evaluatorOf(), series(0, 4000, 1, value, scopes)))).toEqual([
      'violation b critical @829',
      'resolved b critical @2039',
    ]);
  });

  it.each([true, false])(
    'ends the service’s at a good value though one replica stays bad (own series: %s)',
    (hasOwn) => {
      const scopes = hasOwn ? [undefined, ...THREE] : THREE;
      const value = (s: number, replica: string | undefined) =>
        s >= 600 && (s < 1500 || replica === 'b') ? 300 : 150;
      const events = feed(evaluatorOf(), series(0, 4000, 1, value, scopes));
      const ends = events.flatMap((event) =>
        event.type === 'resolved' ? [[event.because, event.violation.value]] : [],
      );
      expect(ends).toEqual([['compliant', 150]]);
      expect(story(events).at(-1)).toMatch(/^violation b critical/);
    },
  );

  it('does not blame the service while the bad replica restarts', () => {
    const evaluator = evaluatorOf();
    const scopes = [undefined, ...THREE];
    feed(evaluator, series(0, 1200, 1, from(600, [undefined, 'b']), scopes));
    const without = [undefined, 'a', 'c'];
    const lines = story([
      ...feed(evaluator, series(1200, 1260, 1, from(0, [undefined]), without)),
      ...feed(
        evaluator,
        series(1260, 1300, 1, () => 150, without),
      ),
      ...feed(
        evaluator,
        series(1300, 4000, 1, () => 150, scopes),
      ),
    ]);
    // At 1459: 160 of the 200 samples in (1159, 1459] are good; and a window more.
    expect(lines).toEqual(['resolved b critical @1759']);
  });

  it('blames the service in the end if it stays bad without a bad replica', () => {
    const scopes = [undefined, ...THREE];
    const value = (s: number, replica: string | undefined) =>
      (replica === 'b' && s >= 600 && s < 1500) || (replica === undefined && s >= 600) ? 300 : 150;
    const lines = story(feed(evaluatorOf(), series(0, 4000, 1, value, scopes)));
    expect(lines.slice(0, 2)).toEqual([
      'violation b critical @839',
      // b stopped leaning at 1620; a window later its echo is no excuse any more.
      expect.stringMatching(/^violation service critical @19\d\d$/),
    ]);
  });

  it('opens the service’s when the bad become most, and keeps the replica’s until it resolves', () => {
    const value = (s: number, replica: string | undefined) =>
      s < 3000 && ((replica === 'a' && s >= 600) || (replica === 'b' && s >= 1500)) ? 300 : 150;
    expect(story(feed(evaluatorOf(), series(0, 6000, 1, value, THREE)))).toEqual([
      'violation a critical @839',
      // b leans from 60 % on, which makes two of three.
      'violation service critical @1679',
      'resolved a critical @3539',
      'resolved service critical @3539',
    ]);
  });

  it('makes the second of two bad replicas the service’s', () => {
    const one = feed(evaluatorOf(), series(0, 1200, 1, from(600, ['a']), ['a', 'b']));
    expect(story(one)).toEqual(['violation a critical @839']);
    const both = feed(evaluatorOf(), series(0, 1200, 1, from(600, ['a', 'b']), ['a', 'b']));
    expect(story(both)).toEqual(['violation service critical @839']);
  });

  it('does not count silent replicas as peers', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 300, 1, () => 150, THREE),
    );
    const lines = story(
      feed(
        evaluator,
        series(300, 900, 1, () => 300, ['a', 'b']),
      ),
    );
    expect(lines).toEqual(['violation service critical @539']);
  });

  it('ends the violation of a replica that left the fleet', () => {
    const evaluator = evaluatorOf();
    feed(evaluator, series(0, 900, 1, from(300, ['a']), THREE));
    expect(evaluator.forget('chat', 'a')).toMatchObject([
      { type: 'resolved', because: 'forgotten', violation: { replica: 'a' } },
    ]);
    expect(evaluator.open()).toEqual([]);
    expect(evaluator.forget('chat', 'a')).toEqual([]);
  });

  it('ends those of replicas that are silent and not in the fleet, after a restart too', () => {
    const before = evaluatorOf();
    feed(before, series(0, 900, 1, from(300, ['a']), THREE));
    const snapshot = JSON.parse(JSON.stringify(before.snapshot())) as SlaSnapshot;
    const evaluator = SlaEvaluator.restore(snapshot, before.thresholds);
    const fleet = new Set(['b', 'c']);
    // Its samples may yet come: a fleet that scales down drains first.
    expect(evaluator.forgetAllBut('chat', fleet)).toEqual([]);
    evaluator.advance(T0 + 1_000_000);
    expect(evaluator.forgetAllBut('chat', new Set(THREE))).toEqual([]);
    expect(evaluator.forgetAllBut('chat', fleet)).toMatchObject([
      { type: 'resolved', because: 'forgotten', violation: { replica: 'a' } },
    ]);
    expect(evaluator.open()).toEqual([]);
  });

  it('keeps services apart', () => {
    const evaluator = evaluatorOf();
    const samples = series(0, 600, 1, () => 300).flatMap((sample) => [
      sample,
      { ...sample, service: 'other', value: 150 },
    ]);
    feed(evaluator, samples);
    expect(evaluator.open().map((v) => v.service)).toEqual(['chat']);
  });
});

describe('severity of a derived service violation', () => {
  it('is the middle one of the bad replicas', () => {
    const value = (_: number, replica: string | undefined) =>
      replica === 'a' ? 255 : replica === 'b' ? 270 : 400;
    const evaluator = evaluatorOf();
    feed(evaluator, series(0, 600, 1, value, THREE));
    expect(evaluator.open()).toMatchObject([{ replica: undefined, severity: 'major', value: 270 }]);
    expect(evaluator.observe(at(600, 255, 'a'))).toEqual([]);
    expect(evaluator.advance(T0 + 600_000)).toEqual([]);
  });
});
