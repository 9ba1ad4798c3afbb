import { describe, expect, it } from 'vitest';
import { findChangePoint } from '../../../src/domain/rca/changepoint.js';
import { FourierTransform } from '../../../src/domain/rca/fourier.js';
import { bestLag, innovationsOf, prefixEnergies } from '../../../src/domain/rca/innovations.js';
import { LaggedProducts } from '../../../src/domain/rca/lagged-products.js';
import { medianOf, quantileOfSorted } from '../../../src/domain/rca/quantiles.js';
import {
  correlationPValue,
  autocorrelationsOf,
  effectiveSamples,
  erfc,
  falseDiscoveryRates,
} from '../../../src/domain/rca/significance.js';
import { seededRandom } from './seeded-random.js';

describe('quantiles', () => {
  it('interpolates as R’s type 7 does', () => {
    // R: quantile(c(1, 2, 4, 8), c(.25, .5, .9)) = 1.75 3.00 6.80
    const sorted = [1, 2, 4, 8];
    expect(quantileOfSorted(sorted, 0.25)).toBeCloseTo(1.75, 12);
    expect(medianOf([8, 1, 4, 2])).toBe(3);
    expect(quantileOfSorted(sorted, 0.9)).toBeCloseTo(6.8, 12);
    expect(medianOf([])).toBeNaN();
    expect(medianOf([7])).toBe(7);
  });
});

describe('significance', () => {
  it.each([
    // Python 3.11: math.erfc(x)
    [0, 1],
    [0.5, 0.4795001221869535],
    [-1, 1.842700792949715],
    [3, 2.209049699858544e-5],
    [6, 2.1519736712498913e-17],
  ])('erfc(%d)', (x, value) => {
    expect(Math.abs(erfc(x) / value - 1)).toBeLessThan(1e-6);
  });

  it('gives p-values of Fisher’s z', () => {
    // z = atanh(0.5) * sqrt(27) = 2.8543; 2 * (1 - Phi(z)) = 0.004313 (Python: erfc(z / sqrt(2)))
    expect(correlationPValue(0.5, 30)).toBeCloseTo(0.004313, 5);
    expect(correlationPValue(-0.5, 30)).toBe(correlationPValue(0.5, 30));
    expect(correlationPValue(1, 4)).toBe(1);
    expect(correlationPValue(NaN, 100)).toBe(1);
    expect(correlationPValue(1, 100)).toBeLessThan(1e-30);
  });

  it('controls false discoveries as R’s p.adjust does', () => {
    // R: p.adjust(c(.01, .04, .03, .5), "BH") = 0.04 0.0533 0.0533 0.50
    const rates = falseDiscoveryRates([0.01, 0.04, 0.03, 0.5]);
    expect(rates.map((rate) => Number(rate.toFixed(4)))).toEqual([0.04, 0.0533, 0.0533, 0.5]);
    expect(falseDiscoveryRates([])).toEqual([]);
  });

  it('counts autocorrelated samples as fewer, and never more', () => {
    const random = seededRandom(3);
    const noise = Array.from({ length: 400 }, () => random() - 0.5);
    const smooth = noise.map((_, i) =>
      noise.slice(Math.max(0, i - 9), i + 1).reduce((a, b) => a + b),
    );
    const worth = (x: readonly number[], y: readonly number[]): number =>
      effectiveSamples(
        autocorrelationsOf(Float64Array.from(x)),
        autocorrelationsOf(Float64Array.from(y)),
        400,
      );
    expect(worth(noise, noise)).toBeGreaterThan(340);
    expect(worth(smooth, smooth)).toBeLessThan(100);
    const alternating = noise.map((_, i) => (i % 2) - 0.5);
    expect(worth(alternating, noise)).toBeLessThanOrEqual(400);
  });
});

describe('lags', () => {
  it('agrees with a direct computation at every lag', () => {
    const random = seededRandom(4);
    const x = Float64Array.from({ length: 60 }, () => random() - 0.5);
    const y = Float64Array.from(x, (_, i) => (x[i - 7] ?? 0) + 0.1 * (random() - 0.5));
    const products = new LaggedProducts(y, 20).with(x);
    const found = bestLag(products, prefixEnergies(x), prefixEnergies(y));
    const direct = (lag: number): number => {
      let xy = 0;
      let xx = 0;
      let yy = 0;
      for (let i = Math.max(0, -lag); i < 60 && i + lag < 60; i++) {
        xy += x[i]! * y[i + lag]!;
        xx += x[i]! ** 2;
        yy += y[i + lag]! ** 2;
      }
      return xy / Math.sqrt(xx * yy);
    };
    expect(found.lag).toBe(7);
    expect(found.correlation).toBeCloseTo(direct(7), 12);
    for (let lag = -20; lag <= 20; lag++) {
      expect(Math.abs(direct(lag))).toBeLessThanOrEqual(found.correlation + 1e-9);
    }
  });

  it.each([
    // Whether it is by transform or directly is decided by these.
    { length: 1, reach: 0 },
    { length: 50, reach: 3 },
    { length: 359, reach: 180 },
    { length: 512, reach: 511 },
    { length: 1_000, reach: 400 },
  ])('sums the products of $length values at every lag up to $reach', ({ length, reach }) => {
    const random = seededRandom(5);
    const [x, y] = [0, 1].map(() => Float64Array.from({ length }, () => 1e6 * (random() - 0.5)));
    const products = new LaggedProducts(y!, reach).with(x!);
    expect(products).toHaveLength(2 * reach + 1);
    const scale = Math.sqrt(prefixEnergies(x!).at(-1)! * prefixEnergies(y!).at(-1)!);
    for (let lag = -reach; lag <= reach; lag++) {
      const direct = x!.reduce((sum, value, i) => sum + value * (y![i + lag] ?? 0), 0);
      expect(Math.abs(products[lag + reach]! - direct) / scale).toBeLessThan(1e-12);
    }
  });

  it('refuses a length that no transform by halves has', () => {
    expect(() => new FourierTransform(12)).toThrow('no power of two');
  });

  it('finds nothing in constants', () => {
    const zero = new Float64Array(30);
    const energies = prefixEnergies(zero);
    const found = bestLag(new LaggedProducts(zero, 5).with(zero), energies, energies);
    expect(found).toEqual({ lag: 0, correlation: 0 });
  });

  it('takes a stretch that is flat next to a burst for nothing', () => {
    const x = new Float64Array(600);
    x.fill(1e9, 0, 20);
    const y = Float64Array.from({ length: 600 }, (_, i) => (i === 599 ? 1e9 : 1e-6));
    const found = bestLag(new LaggedProducts(y, 400).with(x), prefixEnergies(x), prefixEnergies(y));
    expect(Math.abs(found.correlation)).toBeLessThanOrEqual(1);
  });

  it('takes differences of block means and counts gaps out', () => {
    const { values, count } = innovationsOf(Float64Array.from([1, 3, 5, 7, NaN, NaN, 9, 11]), 2);
    // Block means 2, 6, -, 10: one difference of 4, less its own mean.
    expect(count).toBe(1);
    expect([...values]).toEqual([0, 0, 0]);
  });
});

describe('change points', () => {
  const times = Array.from({ length: 40 }, (_, i) => i * 1000);

  it('places a change of level', () => {
    const values = times.map((_, i) => (i < 25 ? 10 : 40) + (i % 3));
    expect(findChangePoint({ timesMs: times, values })).toMatchObject({
      atMs: 25_000,
      before: 11,
      after: 41,
    });
  });

  it.each([
    ['nothing', []],
    ['a constant', times.map(() => 3)],
    ['one sample', [3]],
    ['a spike', times.map((_, i) => (i === 20 ? 90 : 10 + (i % 3)))],
    ['NaN', times.map(() => NaN)],
  ])('finds none in %s', (_, values) => {
    expect(findChangePoint({ timesMs: times.slice(0, values.length), values })).toBeUndefined();
  });

  it('finds none in noise, nearly always', () => {
    const random = seededRandom(5);
    let found = 0;
    for (let run = 0; run < 200; run++) {
      const values = Array.from({ length: 200 }, () => random() + random() + random());
      if (findChangePoint({ timesMs: values.map((_, i) => i), values })) found++;
    }
    expect(found).toBeLessThanOrEqual(2);
  });
});
