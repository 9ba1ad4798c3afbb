/** One finished request as the client saw it. */
interface Sample {
  readonly atMs: number;
  readonly latencyMs: number;
  readonly isError: boolean;
}

/** What clients saw over a window. Latencies in milliseconds; undefined without requests. */
export interface LoadWindow {
  readonly seconds: number;
  readonly requests: number;
  readonly rps: number;
  readonly errors: number;
  /** 0 to 1; 0 without requests. */
  readonly errorRatio: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** The value below which the share `quantile` of sorted values lies (nearest rank). */
export function nearestRank(sorted: readonly number[], quantile: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)];
}

const longestWindowMs = 60_000;

/** The last minute of requests. */
export class Measurements {
  private samples: Sample[] = [];

  /** Counts a finished request; instants must not go back. */
  record(atMs: number, latencyMs: number, isError: boolean): void {
    this.samples.push({ atMs, latencyMs, isError });
    // Trimmed in bulk: dropping one entry at a time would move the array for every request.
    if (this.samples.length > 1000 && (this.samples[500]?.atMs ?? 0) < atMs - longestWindowMs) {
      this.samples = this.samples.filter((sample) => sample.atMs >= atMs - longestWindowMs);
    }
  }

  /** Summary of the last `seconds`, at most 60. */
  window(nowMs: number, seconds: number): LoadWindow {
    const recent = this.samples.filter((sample) => sample.atMs >= nowMs - seconds * 1000);
    const latencies = recent.map((sample) => sample.latencyMs).sort((a, b) => a - b);
    const errors = recent.filter((sample) => sample.isError).length;
    return {
      seconds,
      requests: recent.length,
      rps: recent.length / seconds,
      errors,
      errorRatio: recent.length === 0 ? 0 : errors / recent.length,
      p50Ms: nearestRank(latencies, 0.5),
      p95Ms: nearestRank(latencies, 0.95),
      p99Ms: nearestRank(latencies, 0.99),
    };
  }
}
