import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What every entry carries: a number without gaps from 1, and the instant it was written. */
export interface LogStamp {
  readonly seq: number;
  readonly atMs: number;
}

/**
 * Append-only log of JSON lines in one file, numbered across restarts.
 * Writes are synchronous: an entry is on disk before the answer to its command leaves,
 * so that a checker which reads the log sees every effect that a client was told of.
 */
export class JsonLinesLog<Entry extends object> {
  private readonly kept: (Entry & LogStamp)[];

  constructor(private readonly file: string) {
    this.kept = existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .flatMap((line) => parseLine<Entry & LogStamp>(line))
      : [];
  }

  /** Appends one entry and returns it with its stamp. */
  append(entry: Entry): Entry & LogStamp {
    const last = this.kept.at(-1);
    const stamped = { seq: (last?.seq ?? 0) + 1, atMs: Date.now(), ...entry };
    appendFileSync(this.file, `${JSON.stringify(stamped)}\n`);
    this.kept.push(stamped);
    return stamped;
  }

  /** All entries, oldest first. */
  entries(): readonly (Entry & LogStamp)[] {
    return this.kept;
  }
}

/** A line cut short by a crash is the last one and told nobody anything: it is dropped. */
function parseLine<Entry>(line: string): Entry[] {
  if (line.trim() === '') return [];
  try {
    return [JSON.parse(line) as Entry];
  } catch {
    return [];
  }
}
