import type { SourceTarget } from '../adapters/sources/source.js';

/** What is known about one target; instants are Unix milliseconds, undefined until there was one. */
export interface TargetState {
  readonly id: string;
  readonly service: string;
  readonly replica: string | undefined;
  readonly role: SourceTarget['role'];
  /** Without secrets. */
  readonly url: string;
  readonly periodMs: number;
  /** Undefined before the first poll has ended. */
  isUp: boolean | undefined;
  dueAtMs: number;
  /** When the last poll began. */
  lastScrapeAtMs: number | undefined;
  lastSuccessAtMs: number | undefined;
  durationMs: number;
  /** Of the last poll that succeeded. */
  samples: number;
  bytes: number;
  /** The last error, also when it is over: see `isUp`. */
  lastError: string | undefined;
  /** An `AdapterError`'s reason, or an exposition's fault: `not-exposition`, `malformed`, `truncated`. */
  lastErrorReason: string | undefined;
  lastErrorAtMs: number | undefined;
  scrapes: number;
  failures: number;
  failuresInRow: number;
  /** Turns missed because the poll before still ran. */
  skipped: number;
  /** How long after its turn the last poll began, and the worst so far. */
  lateMs: number;
  maxLateMs: number;
}

/** The state of a target that was never polled. */
export function newTargetState(target: SourceTarget): TargetState {
  const { id, service, replica, role, url, periodMs } = target;
  return {
    id,
    service,
    replica,
    role,
    url,
    periodMs,
    isUp: undefined,
    dueAtMs: 0,
    lastScrapeAtMs: undefined,
    lastSuccessAtMs: undefined,
    durationMs: 0,
    samples: 0,
    bytes: 0,
    lastError: undefined,
    lastErrorReason: undefined,
    lastErrorAtMs: undefined,
    scrapes: 0,
    failures: 0,
    failuresInRow: 0,
    skipped: 0,
    lateMs: 0,
    maxLateMs: 0,
  };
}
