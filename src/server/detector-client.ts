import type { SlaSummary } from '../domain/sla/summary.js';
import type { Threshold } from '../domain/sla/threshold.js';

/** A scrape target as the detector sees it. */
export interface TargetStatus {
  readonly url: string;
  readonly service: string;
  readonly replica: string | undefined;
  /** Undefined before the first scrape. */
  readonly isUp: boolean | undefined;
  readonly lastError: string | undefined;
  readonly lastScrapeAtMs: number | undefined;
}

/** What the detector says of itself. */
export interface DetectorStatus {
  readonly atMs: number;
  readonly summary: SlaSummary;
  readonly thresholds: readonly Threshold[];
  readonly targets: readonly TargetStatus[];
  /** What is measurable, and from which source; a line each. */
  readonly coverage: readonly string[];
  /** Whether incidents reach Temporal; undefined before the first. */
  readonly isDispatching: boolean | undefined;
}

/** The detector role, as the server reads it. */
export interface DetectorClient {
  /** Undefined when it does not answer: the server says so and goes on. */
  status(): Promise<DetectorStatus | undefined>;
  metrics(): Promise<string | undefined>;
  /** Passes a body on to the detector, and its answer back. */
  forward(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
}

/** Bound on one question: `/health/production` must answer while the detector hangs. */
const TIMEOUT_MS = 2_000;

/** The detector at that base URL. */
export function createDetectorClient(base: string): DetectorClient {
  const ask = async (path: string): Promise<Response | undefined> => {
    try {
      const reply = await fetch(new URL(path, base), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return reply.ok ? reply : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    async status() {
      return (await (await ask('/internal/status'))?.json()) as DetectorStatus | undefined;
    },
    async metrics() {
      return (await ask('/metrics'))?.text();
    },
    async forward(path, body) {
      const reply = await fetch(new URL(path, base), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      return { status: reply.status, body: await reply.json() };
    },
  };
}
