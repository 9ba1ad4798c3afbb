import { JsonLinesLog, type LogStamp } from '../base/json-lines-log.js';

/** What happened to the fleet. */
type AdminEvent =
  | 'start'
  | 'stop'
  | 'restart'
  | 'scale'
  | 'release'
  | 'crash'
  | 'auto-restart'
  | 'fault'
  | 'fault-cleared'
  | 'fault-cured'
  | 'load';

/** One entry of the admin log. */
export interface AdminLogEntry {
  readonly what: AdminEvent;
  /** A replica's name, or `fleet`. */
  readonly target: string;
  /** Null for what the supervisor did by itself. */
  readonly operationId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** A change that an operator of a real fleet could see; injected faults are none. */
export interface ChangeEvent {
  readonly atMs: number;
  readonly kind: 'release' | 'scale' | 'restart' | 'other';
  /** Null when the whole fleet changed. */
  readonly replica: string | null;
  /** One line for people. */
  readonly summary: string;
  readonly before: unknown;
  readonly after: unknown;
}

const changeKinds: Readonly<Partial<Record<AdminEvent, ChangeEvent['kind']>>> = {
  release: 'release',
  scale: 'scale',
  restart: 'restart',
  'auto-restart': 'restart',
  start: 'other',
  stop: 'other',
  crash: 'other',
};

/** The supervisor's log, and what is read off it: changes, and which operations were done. */
export class AdminLog {
  private readonly log: JsonLinesLog<AdminLogEntry>;
  private readonly done: Set<string>;

  constructor(file: string) {
    this.log = new JsonLinesLog(file);
    this.done = new Set(this.log.entries().flatMap(({ operationId }) => operationId ?? []));
  }

  /** Appends an entry. */
  append(entry: AdminLogEntry): void {
    this.log.append(entry);
    if (entry.operationId !== null) this.done.add(entry.operationId);
  }

  /** Whether an operation of this id took effect, also before the supervisor's last restart. */
  hasDone(operationId: string): boolean {
    return this.done.has(operationId);
  }

  /** All entries, oldest first. */
  entries(): readonly (AdminLogEntry & LogStamp)[] {
    return this.log.entries();
  }

  /** When a release was last activated; undefined if it never was by an operation. */
  activatedAtMs(release: string): number | undefined {
    return this.log
      .entries()
      .findLast(
        ({ what, after }) =>
          what === 'release' && (after as { release?: string } | null)?.release === release,
      )?.atMs;
  }

  /** Changes at or after an instant, oldest first. */
  changes(sinceMs: number): readonly ChangeEvent[] {
    return this.log.entries().flatMap((entry) => {
      const kind = changeKinds[entry.what];
      if (kind === undefined || entry.atMs < sinceMs) return [];
      const { what, atMs, target, before, after } = entry;
      const summary = `${what} of ${target}: ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
      return [{ atMs, kind, replica: target === 'fleet' ? null : target, summary, before, after }];
    });
  }
}
