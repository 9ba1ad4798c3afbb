import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SlaEvaluator } from '../../../src/domain/sla/evaluator.js';
import { DEFAULT_SLA_POLICY } from '../../../src/domain/sla/policy.js';
import type { SlaEvent, SliSample } from '../../../src/domain/sla/samples.js';
import type { SlaSnapshot } from '../../../src/domain/sla/snapshot.js';
import { seededRandom } from './labelled-streams.js';
import { at, feed, latency, series, story, T0 } from './feed.js';

const REPLICAS = [undefined, 'a', 'b', 'c'] as const;
const LATENESS_MS = 3_000;
const POLICY = { ...DEFAULT_SLA_POLICY, latenessMs: LATENESS_MS };
const THRESHOLDS = [
  latency({ windowMs: 20_000 }),
  latency({ name: 'lower', target: 240, direction: 'lower', windowMs: 45_000 }),
];

interface Arrival {
  readonly sample: SliSample;
  readonly arrivesAtMs: number;
}

/** 400 s of a service and three replicas, about once a second, in and out of breaches. */
function recording(seed: number): SliSample[] {
  const random = seededRandom(seed);
  const levels = REPLICAS.map(() => 150);
  return Array.from({ length: 400 }, (_, second) =>
    REPLICAS.map((replica, i) => {
      if (random() < 0.02) levels[i] = 150 + 200 * random();
      return {
        metric: 'latency',
        service: 'chat',
        replica,
        // Jitter of a fifth of the period, and a phase of each replica's own.
        atMs: T0 + second * 1000 + i * 200 + Math.round(100 * random()),
        value: levels[i]! + 30 * random(),
      };
    }),
  )
    .flat()
    .filter(({ atMs }) => atMs < T0 + 150_000 || atMs > T0 + 152_500);
}

/** Delivers in order of arrival, the clock going with it, and tells the violations, by time. */
function violationsOf(
  arrivals: readonly Arrival[],
  restartAfter: readonly number[] = [],
): string[] {
  let evaluator = new SlaEvaluator(THRESHOLDS, POLICY);
  const events: SlaEvent[] = [];
  const ordered = [...arrivals].sort((a, b) => a.arrivesAtMs - b.arrivesAtMs);
  evaluator.advance(T0);
  ordered.forEach(({ sample, arrivesAtMs }, i) => {
    events.push(...evaluator.advance(arrivesAtMs), ...evaluator.observe(sample));
    if (!restartAfter.includes(i)) return;
    const saved = JSON.parse(JSON.stringify(evaluator.snapshot())) as SlaSnapshot;
    evaluator = SlaEvaluator.restore(saved, THRESHOLDS, POLICY);
  });
  events.push(...evaluator.advance(T0 + 410_000));
  return told(events);
}

function told(events: readonly SlaEvent[]): string[] {
  return events
    .flatMap((e) =>
      e.type === 'violation' || e.type === 'severity' || e.type === 'resolved'
        ? [
            `${e.atMs} ${e.type} ${e.violation.fingerprint} ${e.violation.severity} ${e.violation.value}`,
          ]
        : [],
    )
    .sort();
}

const onTime = (samples: readonly SliSample[]): Arrival[] =>
  samples.map((sample) => ({ sample, arrivesAtMs: sample.atMs }));

describe('violations', () => {
  it('do occur in the recordings that the properties are checked on', () => {
    const counts = [1, 2, 3, 4, 5].map((seed) => violationsOf(onTime(recording(seed))).length);
    expect(Math.min(...counts)).toBeGreaterThan(2);
  });

  it('of one stream are the same in whatever order its samples arrive within the tolerance', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, delaySeed) => {
        const samples = recording(seed).filter((s) => s.replica === 'a');
        const random = seededRandom(delaySeed);
        const late = samples.map((sample) => ({
          sample,
          arrivesAtMs: sample.atMs + Math.floor(random() * LATENESS_MS),
        }));
        expect(violationsOf(late)).toEqual(violationsOf(onTime(samples)));
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('are the same whatever duplicates arrive', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, every) => {
        const samples = recording(seed);
        const twice = onTime(samples).flatMap((arrival, i) =>
          i % every === 0
            ? [arrival, arrival, { ...arrival, arrivesAtMs: arrival.arrivesAtMs + 700 * every }]
            : [arrival],
        );
        expect(violationsOf(twice)).toEqual(violationsOf(onTime(samples)));
      }),
      { numRuns: 20, seed: 4 },
    );
  });

  it('are the same whatever restarts happen in the middle', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.nat({ max: 1590 }), { maxLength: 5 }),
        (seed, restarts) => {
          const arrivals = onTime(recording(seed));
          expect(violationsOf(arrivals, restarts)).toEqual(violationsOf(arrivals));
        },
      ),
      { numRuns: 30, seed: 4 },
    );
  });

  it('are the same whatever junk arrives between, and the junk is counted', () => {
    const junk = fc.constantFrom(NaN, Infinity, -Infinity, -1, -1e300, 1e9, 1e300);
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.tuple(fc.nat({ max: 1500 }), junk)), (seed, junks) => {
        const arrivals = onTime(recording(seed));
        const spoiled = [
          ...arrivals,
          ...junks.map(([i, value]) => ({
            sample: { ...arrivals[i]!.sample, atMs: arrivals[i]!.sample.atMs + 300, value },
            arrivesAtMs: arrivals[i]!.arrivesAtMs + 300,
          })),
        ];
        expect(violationsOf(spoiled)).toEqual(violationsOf(arrivals));
        const evaluator = new SlaEvaluator(THRESHOLDS, POLICY);
        for (const { sample } of spoiled) evaluator.observe(sample);
        const { nonFinite, implausible } = evaluator.rejected;
        expect(nonFinite + implausible).toBe(junks.length);
      }),
      { numRuns: 20, seed: 4 },
    );
  });

  it('are the same whatever future and ancient samples arrive, and those are counted', () => {
    const arrivals = onTime(recording(9));
    const strange = arrivals
      .filter((_, i) => i % 50 === 10)
      .flatMap(({ sample, arrivesAtMs }) => [
        { sample: { ...sample, atMs: sample.atMs + 3_600_000, value: 900 }, arrivesAtMs },
        { sample: { ...sample, atMs: 8.64e15, value: 900 }, arrivesAtMs },
        { sample: { ...sample, atMs: 0, value: 900 }, arrivesAtMs: arrivesAtMs + 1 },
      ]);
    expect(violationsOf([...arrivals, ...strange])).toEqual(violationsOf(arrivals));
    const evaluator = new SlaEvaluator(THRESHOLDS, POLICY);
    const all = [...arrivals, ...strange].sort((a, b) => a.arrivesAtMs - b.arrivesAtMs);
    for (const { sample, arrivesAtMs } of all) {
      evaluator.advance(arrivesAtMs);
      evaluator.observe(sample);
    }
    expect(evaluator.rejected).toMatchObject({
      future: (2 * strange.length) / 3,
      late: strange.length / 3,
    });
  });

  it('are not made by a sample from a clock that is a little ahead', () => {
    const samples = recording(5).filter((s) => s.replica === 'a');
    const ahead = { ...samples[100]!, atMs: samples[100]!.atMs + 30_000, value: 180 };
    const arrivals = [...onTime(samples), { sample: ahead, arrivesAtMs: samples[100]!.atMs }];
    const evaluator = new SlaEvaluator(THRESHOLDS, POLICY);
    for (const { sample, arrivesAtMs } of arrivals.sort((a, b) => a.arrivesAtMs - b.arrivesAtMs)) {
      evaluator.advance(arrivesAtMs);
      evaluator.observe(sample);
    }
    // It waits for its time instead of making those before it late.
    expect(evaluator.rejected).toMatchObject({ late: 0, future: 0 });
  });
});

describe('a snapshot', () => {
  it('of another version is refused', () => {
    const saved = { ...new SlaEvaluator(THRESHOLDS, POLICY).snapshot(), version: 2 };
    expect(() => SlaEvaluator.restore(saved as unknown as SlaSnapshot, THRESHOLDS)).toThrow(
      'SLA snapshot: version 2 is not 1',
    );
  });

  it('is taken over under other thresholds: windows stay, removed thresholds are forgotten', () => {
    const evaluator = new SlaEvaluator(THRESHOLDS, POLICY);
    feed(
      evaluator,
      series(0, 60, 1, () => 240),
    );
    const strict = latency({ windowMs: 20_000, target: 150 });
    const restored = SlaEvaluator.restore(evaluator.snapshot(), [strict], POLICY);
    expect(story(feed(restored, [at(60, 240)]))).toEqual(['violation service critical @60']);
    expect(restored.open().map((v) => v.threshold)).toEqual(['latency']);
  });
});
