/**
 * What is new in every sample: the differences between the means of neighbouring blocks of `blockLength`
 * bins, with mean 0 and gaps as 0.
 *
 * Differences of a random walk are independent, those of its level are not: only they may be tested. Longer
 * blocks let slow ramps be seen above the noise. Returns how many differences are real as `count`.
 */
export function innovationsOf(
  levels: Float64Array,
  blockLength: number,
): { values: Float64Array; count: number } {
  const blocks = Math.floor(levels.length / blockLength);
  const values = new Float64Array(Math.max(0, blocks - 1));
  let count = 0;
  let sum = 0;
  let previous = blockMean(levels, 0, blockLength);
  for (let block = 1; block < blocks; block++) {
    const mean = blockMean(levels, block * blockLength, blockLength);
    values[block - 1] = mean - previous;
    previous = mean;
    if (!Number.isNaN(values[block - 1]!)) {
      count++;
      sum += values[block - 1]!;
    }
  }
  const mean = count > 0 ? sum / count : 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = Number.isNaN(values[i]!) ? 0 : values[i]! - mean;
  }
  return { values, count };
}

function blockMean(levels: Float64Array, from: number, length: number): number {
  let sum = 0;
  let count = 0;
  for (let i = from; i < from + length; i++) {
    if (Number.isNaN(levels[i]!)) continue;
    sum += levels[i]!;
    count++;
  }
  return count > 0 ? sum / count : NaN;
}

/** Sums of squares up to each index: `energies[i]` is the energy of the first `i` values. */
export function prefixEnergies(values: Float64Array): Float64Array {
  const energies = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) energies[i + 1] = energies[i]! + values[i]! ** 2;
  return energies;
}

/** A correlation at a lag; positive lags: the first series leads. */
export interface LaggedCorrelation {
  readonly lag: number;
  readonly correlation: number;
}

/**
 * An overlap with so small a share of the energy (1e-9 of the amplitude) is flat next to the rest, and what
 * is left there of the sums of products is rounding.
 */
const NOTHING = 1e-18;

/**
 * The lag within ±`reach` at which two mean-free series of one length correlate most, by amount.
 *
 * `products` are their sums of products at the lags -reach..reach. Each lag is normalised by the energy of
 * its own overlap, from prefix sums. Of lags that are equally good the shortest wins. Correlation 0 for
 * constant series.
 */
export function bestLag(
  products: Float64Array,
  leaderEnergies: Float64Array,
  followerEnergies: Float64Array,
): LaggedCorrelation {
  const length = leaderEnergies.length - 1;
  const reach = (products.length - 1) / 2;
  const total = leaderEnergies[length]! * followerEnergies[length]!;
  let best: LaggedCorrelation = { lag: 0, correlation: 0 };
  for (let size = 0; size <= reach; size++) {
    for (const lag of size === 0 ? [0] : [size, -size]) {
      const leaderFrom = lag < 0 ? -lag : 0;
      const followerFrom = lag > 0 ? lag : 0;
      const overlap = length - size;
      const energy =
        (leaderEnergies[leaderFrom + overlap]! - leaderEnergies[leaderFrom]!) *
        (followerEnergies[followerFrom + overlap]! - followerEnergies[followerFrom]!);
      if (!(energy > NOTHING * total)) continue;
      const correlation = products[lag + reach]! / Math.sqrt(energy);
      if (Math.abs(correlation) > Math.abs(best.correlation) + 1e-9) best = { lag, correlation };
    }
  }
  return best;
}
