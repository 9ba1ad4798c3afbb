import { parseSeries } from './series-text.js';

/** What a line of an exposition names. `labels` are unescaped. */
export interface SeriesInfo {
  readonly id: number;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

interface Entry {
  readonly key: string;
  info: SeriesInfo | undefined;
}

/** Series that all targets together may name; an exporter whose labels churn must not eat the memory. */
const DEFAULT_CAPACITY = 500_000;

/**
 * Interns the text before a sample's value (`name{labels}`) to a small integer, shared by all targets:
 * replicas of one engine name the same series, so two thousand of them cost one entry each.
 *
 * When it is full it is emptied and `epoch` grows: ids of an earlier epoch mean nothing any more, and
 * whoever holds some must ask again. That happens only where labels churn without end.
 */
export class SeriesTable {
  #ids = new Map<string, number>();
  #entries: Entry[] = [];
  #epoch = 0;

  constructor(private readonly capacity: number = DEFAULT_CAPACITY) {}

  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Id of a series text (bytes as Latin-1, so that a key is one byte a character). */
  intern(key: string): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#entries.length >= this.capacity) {
      this.#ids = new Map();
      this.#entries = [];
      this.#epoch += 1;
    }
    const id = this.#entries.length;
    this.#ids.set(key, id);
    this.#entries.push({ key, info: undefined });
    return id;
  }

  /** Name and labels of an id of this epoch, parsed once. @throws RangeError for an unknown id. */
  info(id: number): SeriesInfo {
    const entry = this.#entries[id];
    if (entry === undefined) throw new RangeError(`series ${id} is unknown in this epoch`);
    entry.info ??= { id, ...parseSeries(Buffer.from(entry.key, 'latin1').toString('utf8')) };
    return entry.info;
  }
}
