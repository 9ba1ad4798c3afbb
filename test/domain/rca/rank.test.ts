import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAUSAL_EDGES, causalPath, isCauseOf } from '../../../src/domain/rca/causal-graph.js';
import { HYPOTHESES } from '../../../src/domain/rca/hypotheses/index.js';
import { HYPOTHESIS_KINDS } from '../../../src/domain/rca/hypotheses/hypothesis.js';
import { likelihoodsOf } from '../../../src/domain/rca/likelihood.js';
import { rankRootCauses } from '../../../src/domain/rca/rank.js';
import { caseToRankInput } from '../../../src/domain/rca/rca-case.js';
import type { RankInput, RankSeries } from '../../../src/domain/rca/rank-input.js';
import { seededRandom } from './seeded-random.js';

const STEP = 60_000;
const ONSET = 60 * STEP;

/** An hour at `usual`, then six minutes at `bad`, with 5 % of noise. */
function level(service: string, metric: string, usual: number, bad: number): RankSeries {
  const random = seededRandom(service.length * 31 + metric.length);
  const timesMs = Array.from({ length: 66 }, (_, i) => i * STEP);
  const values = timesMs.map((at) => (at < ONSET ? usual : bad) * (1 + 0.05 * (random() - 0.5)));
  return { service, metric, timesMs, values };
}

function incident(series: RankSeries[], rest: Partial<RankInput> = {}): RankInput {
  return {
    stepMs: STEP,
    incident: { service: 'web', metric: 'latency', startedAtMs: ONSET, kind: 'latency' },
    topology: [
      { from: 'web', to: 'cart' },
      { from: 'web', to: 'search' },
      { from: 'cart', to: 'db' },
    ],
    series,
    ...rest,
  };
}

/** web calls cart once and search twice per request; each slower by what is given, in seconds. */
function flow(slower: { web?: number; cart?: number; db?: number; search?: number }): RankSeries[] {
  const { web = 0, cart = 0, db = 0, search = 0 } = slower;
  const latency = (service: string, usual: number, more: number): RankSeries =>
    level(service, 'latency', usual, usual + more);
  return [
    latency('web', 0.3, web + cart + db + 2 * search),
    latency('cart', 0.1, cart + db),
    latency('db', 0.05, db),
    latency('search', 0.05, search),
    level('web', 'requests', 100, 100),
    level('cart', 'requests', 100, 100),
    level('db', 'requests', 100, 100),
    level('search', 'requests', 200, 200),
  ];
}

const order = (input: RankInput): string[] =>
  rankRootCauses(input).ranking.map(({ service }) => service);

describe('ranking', () => {
  it.each(['web', 'cart', 'db', 'search'])('follows the excess along calls to %s', (culprit) => {
    const result = rankRootCauses(incident(flow({ [culprit]: 0.4 })));
    expect(result.ranking[0]?.service).toBe(culprit);
    expect(result).toMatchObject({ confident: true, method: 'excess-flow', onsetMs: ONSET });
  });

  it('finds the origin below a lost edge', () => {
    const input = incident(flow({ db: 0.4 }), { topology: [{ from: 'web', to: 'search' }] });
    expect(order(input).slice(0, 2)).toContain('db');
  });

  it('finds a hot process, and its effect second', () => {
    const series = [
      ...flow({ cart: 0.4 }),
      level('cart', 'cpu', 20, 95),
      level('db', 'cpu', 20, 20),
    ];
    const result = rankRootCauses(incident(series));
    expect(result.ranking[0]).toMatchObject({ service: 'cart' });
    expect(result).toMatchObject({ confident: true, method: 'shift' });
  });

  it('accuses nobody of what got better', () => {
    const series = [
      level('web', 'latency', 0.3, 0.9),
      level('web', 'cpu', 20, 20),
      level('db', 'latency', 0.5, 0.1),
    ];
    const { ranking } = rankRootCauses(incident(series));
    expect(ranking.find(({ service }) => service === 'db')?.score).toBe(0);
  });

  it('sees a slow network between two views of a call', () => {
    const series = [
      level('web', 'latency', 0.3, 0.8),
      level('cart', 'inbound_latency_caller_view[from=web]', 0.1, 0.6),
      level('cart', 'inbound_latency_callee_view[from=web]', 0.1, 0.1),
      level('db', 'latency', 0.05, 0.05),
    ];
    expect(order(incident(series))[0]).toBe('cart');
  });

  it('is not sure of anything on a quiet day, nor without data', () => {
    expect(rankRootCauses(incident(flow({}))).confident).toBe(false);
    expect(rankRootCauses(incident([]))).toMatchObject({ ranking: [], confident: false });
    const short = [{ service: 'web', metric: 'latency', timesMs: [ONSET], values: [9] }];
    expect(rankRootCauses(incident(short)).confident).toBe(false);
  });

  it('ranks every service once, with finite scores, whatever comes', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.double()), {
      maxLength: 30,
    });
    const series = fc.array(
      fc.record({
        service: fc.constantFrom('a', 'b', 'c'),
        metric: fc.constantFrom('latency', 'cpu', 'requests', 'availability', 'x[from=a]'),
        points,
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        series,
        fc.constantFrom('latency', 'availability', 'performance'),
        (some, kind) => {
          const { ranking } = rankRootCauses(
            caseToRankInput({
              id: 'x',
              stepSeconds: 60,
              incident: { service: 'a', metric: 'latency', startedAt: 3000, kind },
              topology: [
                { from: 'a', to: 'b' },
                { from: 'b', to: 'a' },
              ],
              series: some,
            }),
          );
          const names = ranking.map(({ service }) => service);
          expect(new Set(names).size).toBe(names.length);
          expect(ranking.every(({ score }) => !Number.isNaN(score))).toBe(true);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('causal graph', () => {
  it('gives a reason for every edge, once', () => {
    expect(CAUSAL_EDGES.every(({ reason }) => reason.length > 10)).toBe(true);
    const pairs = CAUSAL_EDGES.map(({ from, to }) => `${from} ${to}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('leads from load over the KV cache to latency', () => {
    expect(causalPath('prompt-size', 'preemptions')?.map(({ to }) => to)).toEqual([
      'kv-usage',
      'preemptions',
    ]);
    expect(causalPath('latency', 'gpu-temperature')).toBeUndefined();
    expect(isCauseOf('gpu-clock', 'latency')).toBe(true);
    expect(isCauseOf('latency', 'gpu-clock')).toBe(false);
    expect(isCauseOf('latency', 'latency')).toBe(false);
  });
});

describe('hypotheses', () => {
  it('are one of each kind, with something to do and to prevent', () => {
    expect(HYPOTHESES.map(({ kind }) => kind)).toEqual(HYPOTHESIS_KINDS);
    for (const { recommendations, prevention, title } of HYPOTHESES) {
      expect(recommendations.length).toBeGreaterThan(0);
      expect(prevention.length).toBeGreaterThan(0);
      expect(title).not.toBe('');
    }
  });

  it('compete: likelihoods sum to 1 with undetermined, and grow with their evidence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1 }),
        (sums) => {
          const { probabilities, undetermined } = likelihoodsOf(sums);
          expect(probabilities.reduce((a, b) => a + b, undetermined)).toBeCloseTo(1, 9);
          const [first = 0] = probabilities;
          const more = likelihoodsOf([sums[0]! + 1, ...sums.slice(1)]).probabilities[0]!;
          expect(more).toBeGreaterThanOrEqual(first);
        },
      ),
      { seed: 2 },
    );
    expect(likelihoodsOf([0]).undetermined).toBeGreaterThan(0.8);
  });
});
