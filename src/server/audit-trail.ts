import type { Archive, AuditRecord } from '../domain/archive.js';

/** Who did what, to what, from where, and what came of it; with a key where somebody else writes the same. */
export type AuditLine = Omit<AuditRecord, 'key' | 'atMs'> & { readonly key?: string };

/** Writes the audit. */
export interface AuditTrail {
  /**
   * `each`: a line of its own. `hourly`: one line for each caller, operation and hour. It never fails:
   * the write that it tells of has happened, and an answer that says otherwise would have it repeated.
   */
  write(line: AuditLine, how: 'each' | 'hourly'): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Streams whose line of this hour is written; more callers than that only write it again. */
const MAX_KNOWN = 1_000;
/** What a line is cut to; callers choose some of its words. */
const MAX_CHARACTERS = 2_000;
/** Lines that wait for the archive: hours of operators' orders, some MB at most. */
const MAX_LATE = 1_000;
const TRY_AGAIN_MS = 5_000;

/**
 * The audit in the archive. A line that can't be written, as on a full disk, is handed to `onLate`, for
 * the log, and tried again until it is; the oldest go where too many wait.
 */
export function createAuditTrail(
  archive: Pick<Archive, 'putAudit'>,
  nowMs: () => number,
  onLate: (line: AuditLine, error: unknown) => void,
  tryAgainMs = TRY_AGAIN_MS,
): AuditTrail {
  const known = new Set<string>();
  const late: AuditRecord[] = [];
  let timer: NodeJS.Timeout | undefined;

  const tryAgain = (): void => {
    // Asked for once at a time; it must not keep a stopping server alive.
    timer ??= setTimeout(() => void writeLate(), tryAgainMs).unref();
  };
  const writeLate = async (): Promise<void> => {
    try {
      for (let line = late[0]; line !== undefined; line = late[0]) {
        await archive.putAudit(line);
        // Not by its place: the oldest may have gone meanwhile.
        const index = late.indexOf(line);
        if (index >= 0) late.splice(index, 1);
      }
    } catch {
      // It was told when it first failed.
    }
    timer = undefined;
    if (late.length > 0) tryAgain();
  };

  return {
    async write(line, how) {
      const atMs = nowMs();
      const hour = Math.floor(atMs / HOUR_MS);
      const { who, from, what, target, outcome } = line;
      const key =
        how === 'each'
          ? (line.key ?? crypto.randomUUID())
          : JSON.stringify([hour, who, from, what, target, outcome]);
      if (known.has(key)) return;
      const record: AuditRecord = {
        ...{ key, atMs, outcome },
        ...{ who: cut(who), from: cut(from), what: cut(what), target: cut(target) },
        detail: cut(line.detail),
      };
      try {
        await archive.putAudit(record);
        if (how === 'hourly') {
          if (known.size >= MAX_KNOWN) known.clear();
          known.add(key);
        }
      } catch (error) {
        onLate(line, error);
        late.push(record);
        if (late.length > MAX_LATE) late.shift();
        tryAgain();
      }
    },
  };
}

/** Without control characters: the audit is read in terminals. */
function cut(text: string): string {
  return text.slice(0, MAX_CHARACTERS).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
