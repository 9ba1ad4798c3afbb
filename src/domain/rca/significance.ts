/**
 * Complementary error function, relative error below 1.2e-7 everywhere
 * (Chebyshev fit of Press et al., Numerical Recipes in C, 1992, section 6.2).
 */
export function erfc(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + z / 2);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
    0.37409196, 1.00002368, -1.26551223,
  ];
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * t + coefficient;
  const value = t * Math.exp(-z * z + sum);
  return x >= 0 ? value : 2 - value;
}

/**
 * Two-sided p-value of a correlation of `samples` independent pairs, by Fisher's z transformation (1921).
 *
 * 1 with 4 samples or fewer, or for a correlation that is NaN.
 */
export function correlationPValue(correlation: number, samples: number): number {
  if (!(samples > 4) || Number.isNaN(correlation)) return 1;
  const clipped = Math.min(1 - 1e-12, Math.abs(correlation));
  return erfc((Math.atanh(clipped) * Math.sqrt(samples - 3)) / Math.SQRT2);
}

/**
 * Q-values: the share of false findings among all at least as significant (Benjamini & Hochberg, 1995).
 *
 * Same order as `pValues`.
 */
export function falseDiscoveryRates(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[b]! - pValues[a]!);
  const rates = new Array<number>(pValues.length).fill(1);
  let least = 1;
  for (const [i, index] of order.entries()) {
    const rank = pValues.length - i;
    least = Math.min(least, (pValues[index]! * pValues.length) / rank);
    rates[index] = least;
  }
  return rates;
}

/**
 * How many independent pairs `count` pairs of two autocorrelated series are worth (Bartlett, 1946):
 * `n / (1 + 2 Σ ρx(k) ρy(k))`, over the first lags, never more than `count`.
 */
export function effectiveSamples(
  xAutocorrelations: Float64Array,
  yAutocorrelations: Float64Array,
  count: number,
): number {
  let inflation = 1;
  const lags = Math.min(AUTOCORRELATION_LAGS, Math.floor(count / 4));
  for (let lag = 1; lag <= lags; lag++) {
    inflation += 2 * xAutocorrelations[lag]! * yAutocorrelations[lag]!;
  }
  return Math.min(count, count / Math.max(inflation, 1));
}

/** Innovations forget within a few samples; estimates of farther lags are noise themselves. */
const AUTOCORRELATION_LAGS = 10;

/** ρ(0)..ρ(10) of a series of mean 0 whose gaps are 0; zeros for a constant one. */
export function autocorrelationsOf(x: Float64Array): Float64Array {
  const products = new Float64Array(AUTOCORRELATION_LAGS + 1);
  for (let lag = 0; lag <= AUTOCORRELATION_LAGS; lag++) {
    let product = 0;
    for (let i = lag; i < x.length; i++) product += x[i]! * x[i - lag]!;
    products[lag] = product;
  }
  const energy = products[0]!;
  return products.map((product) => (energy > 0 ? product / energy : 0));
}
