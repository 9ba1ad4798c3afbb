/**
 * Labelled synthetic streams of `request_latency_p95` (limit 250 ms, window 5 min), made for the
 * scorer of the SLA evaluation. Independent code; the kinds and their sizes are those that the
 * evaluation must tell apart. Seeded: the same seed gives the same stream.
 */
export interface LabelledStream {
  /** Seconds from the stream's start. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Stretches, in seconds, in which the service really is worse for a sustained time. */
  readonly incidents: readonly (readonly [from: number, to: number])[];
}

/** What a stream must lead to. */
export type Expectation = 'none' | 'breach' | 'regression' | 'regression-then-breach' | 'season';

const HOUR = 3600;

/** A seeded generator of uniform numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers from uniform ones (Box and Muller, 1958). */
export function normal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type Shape = (t: number, gauss: () => number) => number;

interface Kind {
  readonly expectation: Expectation;
  readonly hours: number;
  readonly shape: (random: () => number) => {
    readonly value: Shape;
    readonly incidents?: readonly (readonly [number, number])[];
    readonly isMissing?: (t: number) => boolean;
  };
}

const start = (random: () => number) => 2 * HOUR + random() * HOUR;
const within = (t: number, [from, to]: readonly [number, number]) => t >= from && t < to;
const step =
  (base: number, sd: number, rise: number, lengthS: number) => (random: () => number) => {
    const from = start(random);
    const incident = [from, from + lengthS] as const;
    const value: Shape = (t, gauss) => base + sd * gauss() + (within(t, incident) ? rise : 0);
    return { value, incidents: [incident] };
  };
const drift = (base: number, sd: number, rise: number) => () => ({
  value: ((t, gauss) => base + sd * gauss() + Math.max(0, t / HOUR - 1) * (rise / 5)) as Shape,
  // From the point at which the mean is 10 % up.
  incidents: [[HOUR * (1 + (5 * 0.1 * base) / rise), 6 * HOUR]] as const,
});

/** All kinds by name. */
export const KINDS: Readonly<Record<string, Kind>> = {
  noise_only: { expectation: 'none', hours: 6, shape: () => ({ value: (_, g) => 150 + 15 * g() }) },
  noise_heavy_tail: {
    expectation: 'none',
    hours: 6,
    shape: () => ({ value: (_, g) => 150 * Math.exp(0.2 * g()) }),
  },
  noise_near_limit: {
    expectation: 'none',
    hours: 6,
    shape: () => ({ value: (_, g) => 238 + 12 * g() }),
  },
  short_spikes: {
    expectation: 'none',
    hours: 6,
    shape: (random) => {
      const spikes = [0, 1, 2, 3, 4].map((k) => HOUR * (0.7 + k) + random() * 600);
      const isSpike = (t: number) => spikes.some((s) => within(t, [s, s + 30]));
      return { value: (t, g) => 150 + 15 * g() + (isSpike(t) ? 450 : 0) };
    },
  },
  level_shift_breach: { expectation: 'breach', hours: 6, shape: step(150, 15, 180, HOUR) },
  brief_breach_4min: { expectation: 'breach', hours: 6, shape: step(150, 15, 180, 240) },
  level_shift_inside_sla: {
    expectation: 'regression',
    hours: 6,
    shape: step(130, 13, 52, 2 * HOUR),
  },
  slow_drift_to_breach: {
    expectation: 'regression-then-breach',
    hours: 6,
    shape: drift(150, 15, 180),
  },
  slow_drift_inside_sla: { expectation: 'regression', hours: 6, shape: drift(130, 13, 78) },
  daily_season: {
    expectation: 'season',
    hours: 48,
    shape: (random) => {
      const phase = random() * 24;
      return {
        value: (t, g) => 150 + 60 * Math.sin(((t / HOUR + phase) * Math.PI) / 12) + 10 * g(),
      };
    },
  },
  improvement: {
    expectation: 'none',
    hours: 6,
    shape: (random) => {
      const from = start(random);
      return { value: (t, g) => 180 + 15 * g() - (t >= from ? 70 : 0) };
    },
  },
  gap_then_normal: {
    expectation: 'none',
    hours: 6,
    shape: () => ({
      value: (_, g) => 150 + 15 * g(),
      isMissing: (t) => within(t, [2 * HOUR, 2 * HOUR + 2400]),
    }),
  },
};

/** The stream of a kind for a seed at a sample period in seconds. Throws RangeError for no kind. */
export function labelledStream(name: string, seed: number, periodS: number): LabelledStream {
  const kind = KINDS[name];
  if (kind === undefined) throw new RangeError(`no kind of stream "${name}"`);
  const nameSeed = Array.from(name).reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), 7);
  const random = seededRandom(nameSeed + 7919 * seed);
  const { value, incidents = [], isMissing } = kind.shape(random);
  const gauss = normal(random);
  const times: number[] = [];
  const values: number[] = [];
  for (let t = 0; t < kind.hours * HOUR; t += periodS) {
    if (isMissing?.(t)) continue;
    times.push(t);
    values.push(value(t, gauss));
  }
  return { times, values, incidents };
}
