import type { Breaker } from '../domain/recovery/breaker.js';
import type { BreakerKind } from '../domain/recovery/breaker-kinds.js';
import type { SlaSummary } from '../domain/sla/summary.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { LoggedViolation } from '../domain/sla/violation-log.js';
import type { Target } from '../workflows/messages.js';
import { Problem } from './problem.js';

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

/** A breaker as the detector knows it. */
export interface BreakerStatusOf {
  readonly target: Target;
  readonly kind: BreakerKind;
  readonly breaker: Breaker;
}

/** The last health check of each replica, and the detector's own host. */
export interface HealthStatus {
  readonly replicas: readonly {
    readonly service: string;
    readonly replica: string;
    readonly state: 'well' | 'ill' | 'unknown';
    readonly isServing?: boolean;
    readonly completes?: boolean;
    readonly latencyMs: number;
    readonly detail: string;
    readonly atMs: number;
  }[];
  readonly host: {
    readonly loadPerCore: number;
    readonly memoryUsedPercent: number;
    readonly diskUsedPercent: number;
  };
}

/** What the detector says of itself. */
export interface DetectorStatus {
  readonly atMs: number;
  readonly summary: SlaSummary;
  readonly thresholds: readonly Threshold[];
  readonly targets: readonly TargetStatus[];
  /** What is measurable, and from which source. */
  readonly coverage: readonly CoverageStatus[];
  /** Whether incidents reach Temporal; undefined before the first. */
  readonly isDispatching: boolean | undefined;
  /** Reports from outside that hold incidents open. */
  readonly openReports: number;
  /** Breakers that it has seen anything of. */
  readonly breakers: readonly BreakerStatusOf[];
  readonly health: HealthStatus;
  /** Of several detectors: services that none of those that answer watches. */
  readonly unwatched?: readonly string[];
  /** Of several detectors: those that do not answer, or judge otherwise, in words. */
  readonly problems?: readonly string[];
}

/** The same of one of several, with what tells apart what two of them have seen. */
export interface DetectorPart extends DetectorStatus {
  /** The violations of the last 24 hours. */
  readonly opened: readonly LoggedViolation[];
  /** Keys of the reports that hold incidents open. */
  readonly reports: readonly string[];
}

/** Whether a threshold can be judged for a service, and from what, in words. */
export interface CoverageStatus {
  readonly threshold: string;
  readonly service: string;
  /** `coarse`: judged, but values near the limit are interpolated over a wide bucket. */
  readonly status: 'measurable' | 'coarse' | 'not-measurable';
  readonly text: string;
}

/** How the detector is asked. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What the detector answered, its refusals included. */
export interface DetectorAnswer {
  readonly status: number;
  readonly body: object;
}

/** The detector role, as the server reads it. */
export interface DetectorClient {
  /** Undefined when it does not answer: the server says so and goes on. */
  status(): Promise<DetectorStatus | undefined>;
  metrics(): Promise<string | undefined>;
  /** Passes a request on to the detector, and its answer back. @throws Problem 503 while it is away. */
  forward(method: Method, path: string, body: unknown): Promise<DetectorAnswer>;
}

/** One detector of several. */
export interface PartClient extends DetectorClient {
  /** Undefined when it does not answer. */
  part(): Promise<DetectorPart | undefined>;
}

/** Bound on one question: `/health/production` must answer while the detector hangs. */
const TIMEOUT_MS = 2_000;
/** What is passed on is written to a disk first. */
const FORWARD_TIMEOUT_MS = 10_000;

/** The detector at that base URL; `token` is what the roles show each other. */
export function createDetectorClient(base: string, token?: string): PartClient {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async (path: string): Promise<Response | undefined> => {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const reply = await fetch(new URL(path, base), { headers: authorization, signal });
      return reply.ok ? reply : undefined;
    } catch {
      return undefined;
    }
  };
  const part = async () =>
    (await (await ask('/internal/status'))?.json()) as DetectorPart | undefined;
  return {
    part,
    async status() {
      const said = await part();
      if (said === undefined) return undefined;
      // What only serves to put several together is nothing to show.
      return Object.fromEntries(
        Object.entries(said).filter(([key]) => key !== 'opened' && key !== 'reports'),
      ) as unknown as DetectorStatus;
    },
    async metrics() {
      return (await ask('/metrics'))?.text();
    },
    async forward(method, path, body) {
      try {
        const reply = await fetch(new URL(path, base), {
          method,
          signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
          headers: { ...authorization, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: reply.status, body: (await reply.json()) as object };
      } catch (cause) {
        const why = 'the detector does not answer: nothing was taken; send it again';
        throw new Problem(503, 'No answer', why, { cause });
      }
    },
  };
}
