import { parseSeries } from './series-text.js';

/** What a line of an exposition names. `labels` are unescaped. */
export interface SeriesInfo {
  readonly id: number;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** Series that all targets together may name; an exporter whose labels churn must not eat the memory. */
const DEFAULT_CAPACITY = 500_000;
/** Bytes that their texts may take together. */
const MAX_BYTES = 2 ** 28;
const NO_ID = -1;
const FIRST_SLOTS = 1024;

/**
 * Interns the text before a sample's value (`name{labels}`) to a small integer, shared by all targets:
 * replicas of one engine name the same series, so two thousand of them cost one entry each.
 *
 * A hash table over bytes, open addressing: the texts lie in one arena and no string is made before
 * somebody asks what a series is called, so a first scrape costs little more than reading it.
 *
 * When it is full it is emptied and `epoch` grows: ids of an earlier epoch mean nothing any more, and
 * whoever holds some must ask again. That happens only where labels churn without end.
 */
export class SeriesTable {
  #epoch = 0;
  #size = 0;
  /** Id by slot, or NO_ID; at most half of them are taken. */
  #slots = new Int32Array(FIRST_SLOTS).fill(NO_ID);
  #hashes = new Int32Array(FIRST_SLOTS);
  /** Where text `id` begins in the arena; it ends where the next one begins. */
  #starts = new Int32Array(FIRST_SLOTS + 1);
  #arena = Buffer.alloc(64 * FIRST_SLOTS);
  #view = viewOf(this.#arena);
  #infos: (SeriesInfo | undefined)[] = [];

  constructor(private readonly capacity: number = DEFAULT_CAPACITY) {}

  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#size;
  }

  /** Id of the series text that is `view[from, to)`, UTF-8. */
  intern(view: DataView, from: number, to: number): number {
    const hash = hashOf(view, from, to);
    let slot = hash & (this.#slots.length - 1);
    for (let id = this.#slots[slot]!; id !== NO_ID; id = this.#slots[slot]!) {
      if (this.#hashes[id] === hash && this.#equals(id, view, from, to)) return id;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    if (this.#size >= this.capacity || this.#starts[this.#size]! + to - from > MAX_BYTES)
      this.#empty();
    else if (2 * this.#size >= this.#slots.length) this.#grow();
    return this.#add(hash, view, from, to);
  }

  /** Name and labels of an id of this epoch, parsed once. @throws RangeError for an unknown id. */
  info(id: number): SeriesInfo {
    if (!(id >= 0 && id < this.#size)) {
      throw new RangeError(`series ${id} is unknown in this epoch`);
    }
    const text = (): string => this.#arena.toString('utf8', this.#starts[id], this.#starts[id + 1]);
    return (this.#infos[id] ??= { id, ...parseSeries(text()) });
  }

  #equals(id: number, view: DataView, from: number, to: number): boolean {
    const length = to - from;
    const start = this.#starts[id]!;
    if (this.#starts[id + 1]! - start !== length) return false;
    let k = 0;
    for (; k + 4 <= length; k += 4) {
      if (view.getInt32(from + k, true) !== this.#view.getInt32(start + k, true)) return false;
    }
    for (; k < length; k += 1) {
      if (view.getUint8(from + k) !== this.#view.getUint8(start + k)) return false;
    }
    return true;
  }

  #add(hash: number, view: DataView, from: number, to: number): number {
    const id = this.#size;
    const start = this.#starts[id]!;
    const end = start + to - from;
    if (end > this.#arena.length) {
      const grown = Buffer.alloc(Math.max(2 * this.#arena.length, end));
      this.#arena.copy(grown, 0, 0, start);
      this.#arena = grown;
      this.#view = viewOf(grown);
    }
    let k = from;
    let at = start;
    for (; k + 4 <= to; k += 4, at += 4) this.#view.setInt32(at, view.getInt32(k, true), true);
    for (; k < to; k += 1, at += 1) this.#view.setUint8(at, view.getUint8(k));
    this.#starts[id + 1] = end;
    this.#hashes[id] = hash;
    this.#take(hash, id);
    this.#size = id + 1;
    return id;
  }

  #take(hash: number, id: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== NO_ID) slot = (slot + 1) & mask;
    this.#slots[slot] = id;
  }

  #grow(): void {
    const slots = 2 * this.#slots.length;
    const hashes = new Int32Array(slots);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Int32Array(slots + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    this.#slots = new Int32Array(slots).fill(NO_ID);
    for (let id = 0; id < this.#size; id += 1) this.#take(hashes[id]!, id);
  }

  #empty(): void {
    this.#epoch += 1;
    this.#size = 0;
    this.#infos = [];
    this.#slots.fill(NO_ID);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Multiplicative, four bytes at a time; the last shifts bring the high bits, the better mixed ones, down. */
function hashOf(view: DataView, from: number, to: number): number {
  let hash = to - from;
  let k = from;
  for (; k + 4 <= to; k += 4) {
    hash = Math.imul(hash ^ view.getInt32(k, true), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  for (; k < to; k += 1) hash = Math.imul(hash ^ view.getUint8(k), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}
