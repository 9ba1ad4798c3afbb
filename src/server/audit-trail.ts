import type { Archive, AuditRecord } from '../domain/archive.js';

/** Who did what, to what, from where, and what came of it. */
export type AuditLine = Omit<AuditRecord, 'key' | 'atMs'>;

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

/** The audit in the archive; a line that can’t be kept is handed to `onLost`, for the log. */
export function createAuditTrail(
  archive: Pick<Archive, 'putAudit'>,
  nowMs: () => number,
  onLost: (line: AuditLine, error: unknown) => void,
): AuditTrail {
  const known = new Set<string>();
  return {
    async write(line, how) {
      const atMs = nowMs();
      const hour = Math.floor(atMs / HOUR_MS);
      const { who, from, what, target, outcome } = line;
      const key =
        how === 'each'
          ? crypto.randomUUID()
          : JSON.stringify([hour, who, from, what, target, outcome]);
      if (known.has(key)) return;
      try {
        await archive.putAudit({
          key,
          atMs,
          who: cut(who),
          from: cut(from),
          what: cut(what),
          target: cut(target),
          outcome,
          detail: cut(line.detail),
        });
        if (how === 'hourly') {
          if (known.size >= MAX_KNOWN) known.clear();
          known.add(key);
        }
      } catch (error) {
        onLost(line, error);
      }
    },
  };
}

/** Without control characters: the audit is read in terminals. */
function cut(text: string): string {
  return text.slice(0, MAX_CHARACTERS).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
