import { alignOnto, gridFor, periodOf, type TimedValues, type TimeGrid } from './align.js';
import { bestLag, innovationsOf, prefixEnergies } from './innovations.js';
import { LaggedProducts } from './lagged-products.js';
import {
  autocorrelationsOf,
  correlationPValue,
  effectiveSamples,
  falseDiscoveryRates,
} from './significance.js';

/** How sure it is that a series moves with the target. Very high and high are strong. */
export type CorrelationConfidence = 'very-high' | 'high' | 'medium' | 'low';

/** One series against the target. */
export interface CorrelationFinding {
  /** Its place in the input. */
  readonly index: number;
  /** Pearson's r of the levels at the estimated lag, -1..1; 0 where one of them is constant. */
  readonly correlation: number;
  /** Positive: the series leads the target by so much. */
  readonly lagMs: number;
  /** Share of false findings among those at least as significant as this one. */
  readonly falseDiscoveryRate: number;
  readonly confidence: CorrelationConfidence;
}

export interface CorrelationWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** How far one may lead or lag the other; 30 min by default. */
  readonly mostLagMs?: number;
}

/**
 * Block lengths, in bins, at which innovations are compared: single bins place sharp changes, 5 and 15
 * show slow ones over noise. Their p-values are corrected for being three.
 */
const BLOCK_LENGTHS = [1, 5, 15] as const;
/** A lag leaves a third of the window to compare, and 8 samples. */
const LEAST_OVERLAP_SHARE = 1 / 3;
const LEAST_OVERLAP = 8;
/** Below 12 shared samples a Pearson coefficient is no finding. */
const LEAST_PAIRS = 12;
const CAUSAL_LOOKBACK_MS = 30 * 60_000;
/** Bins a step of the generator: 8 series of 360, about 2 ms of work. */
const BINS_PER_STEP = 8 * 360;
/** Periods estimated between two yields: about 2 ms. */
const PERIODS_PER_STEP = 512;

/**
 * Correlates series of any period with a target over a window, in steps of bounded work.
 *
 * The generator yields the share done (0..1) after every few series and returns a finding per series, in
 * input order. Whether two series depend on one another is tested on their innovations (levels of
 * independent random walks correlate by chance), at the best of all lags, corrected for the number of lags
 * and blocks, for autocorrelation, and for the number of series. The coefficient reported is the levels'.
 */
export function* correlationSteps(
  target: TimedValues,
  series: readonly TimedValues[],
  window: CorrelationWindow,
): Generator<number, CorrelationFinding[]> {
  const periods = [periodOf(target.timesMs)];
  for (const [i, { timesMs }] of series.entries()) {
    if (i > 0 && i % PERIODS_PER_STEP === 0) yield 0;
    periods.push(periodOf(timesMs));
  }
  const grid = gridFor(periods, window.fromMs, window.toMs);
  const mostLag = Math.floor((window.mostLagMs ?? CAUSAL_LOOKBACK_MS) / grid.stepMs);
  const reference = referenceOf(prepare(alignOnto(target, grid)), mostLag);
  const seriesPerStep = Math.max(1, Math.round(BINS_PER_STEP / grid.count));
  const raw: RawFinding[] = [];
  for (const [index, one] of series.entries()) {
    raw.push(compare(prepare(alignOnto(one, grid)), reference));
    if ((index + 1) % seriesPerStep === 0) yield (index + 1) / series.length;
  }
  return grade(raw, grid);
}

/** Runs `correlationSteps` to its end. */
export function correlate(
  target: TimedValues,
  series: readonly TimedValues[],
  window: CorrelationWindow,
): CorrelationFinding[] {
  const steps = correlationSteps(target, series, window);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

interface Scale {
  readonly values: Float64Array;
  readonly count: number;
  readonly energies: Float64Array;
  readonly autocorrelations: Float64Array;
}

/** A series with its innovations at each of `BLOCK_LENGTHS`. */
interface Prepared {
  readonly levels: Float64Array;
  readonly scales: readonly Scale[];
}

function prepare(levels: Float64Array): Prepared {
  const scales = BLOCK_LENGTHS.map((blockLength) => {
    const { values, count } = innovationsOf(levels, blockLength);
    const energies = prefixEnergies(values);
    return { values, count, energies, autocorrelations: autocorrelationsOf(values) };
  });
  return { levels, scales };
}

/** The target, ready to be compared with any number of series on the same grid. */
interface Reference {
  readonly levels: Float64Array;
  /** Only those that are long enough to be compared. */
  readonly scales: readonly {
    readonly index: number;
    readonly blockLength: number;
    readonly scale: Scale;
    readonly reach: number;
    readonly products: LaggedProducts;
  }[];
}

function referenceOf({ levels, scales }: Prepared, mostLag: number): Reference {
  return {
    levels,
    scales: scales.flatMap((scale, index) => {
      const blockLength = BLOCK_LENGTHS[index]!;
      const { length } = scale.values;
      const leastOverlap = Math.max(LEAST_OVERLAP, Math.ceil(length * LEAST_OVERLAP_SHARE));
      if (length < leastOverlap) return [];
      const reach = Math.min(Math.floor(mostLag / blockLength), length - leastOverlap);
      const products = new LaggedProducts(scale.values, reach);
      return [{ index, blockLength, scale, reach, products }];
    }),
  };
}

interface RawFinding {
  readonly correlation: number;
  readonly lag: number;
  readonly pValue: number;
}

function compare(one: Prepared, target: Reference): RawFinding {
  let best: { lag: number; pValue: number } = { lag: 0, pValue: 1 };
  for (const { index, blockLength, scale: theirs, reach, products } of target.scales) {
    const ours = one.scales[index]!;
    const { lag, correlation } = bestLag(
      products.with(ours.values),
      ours.energies,
      theirs.energies,
    );
    const pairs = Math.min(ours.count, theirs.count) - Math.abs(lag);
    const samples = effectiveSamples(ours.autocorrelations, theirs.autocorrelations, pairs);
    const tests = (2 * reach + 1) * BLOCK_LENGTHS.length;
    const pValue = Math.min(1, correlationPValue(correlation, samples) * tests);
    // A finer block places the lag better, so a coarser one must be clearly more significant.
    if (pValue < best.pValue * 1e-3 || (best.pValue === 1 && pValue < 1)) {
      best = { lag: lag * blockLength, pValue };
    }
  }
  return { ...best, correlation: pearsonAt(one.levels, target.levels, best.lag) };
}

/** Pearson's r over the bins that both have, `leader` moved by `lag`; 0 with too few or a constant side. */
function pearsonAt(leader: Float64Array, follower: Float64Array, lag: number): number {
  let count = 0;
  let meanX = 0;
  let meanY = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = Math.max(0, -lag); i < leader.length && i + lag < follower.length; i++) {
    const x = leader[i]!;
    const y = follower[i + lag]!;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    // Welford's update: no cancellation, whatever the units.
    count++;
    const dx = x - meanX;
    const dy = y - meanY;
    meanX += dx / count;
    meanY += dy / count;
    xx += dx * (x - meanX);
    yy += dy * (y - meanY);
    xy += dx * (y - meanY);
  }
  if (count < LEAST_PAIRS || !(xx > 0) || !(yy > 0)) return 0;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

function grade(raw: readonly RawFinding[], grid: TimeGrid): CorrelationFinding[] {
  const rates = falseDiscoveryRates(raw.map(({ pValue }) => pValue));
  return raw.map(({ correlation, lag }, index) => ({
    index,
    correlation,
    lagMs: lag * grid.stepMs,
    falseDiscoveryRate: rates[index]!,
    confidence: confidenceOf(Math.abs(correlation), rates[index]!),
  }));
}

/**
 * Levels of Evans (1996) for the strength (0.8 very strong, 0.6 strong, 0.4 moderate), and never without
 * significance: a strong coefficient that chance explains is no more than low.
 */
function confidenceOf(strength: number, falseDiscoveryRate: number): CorrelationConfidence {
  if (strength >= 0.8 && falseDiscoveryRate <= 0.001) return 'very-high';
  if (strength >= 0.6 && falseDiscoveryRate <= 0.01) return 'high';
  if (strength >= 0.4 && falseDiscoveryRate <= 0.05) return 'medium';
  return 'low';
}
