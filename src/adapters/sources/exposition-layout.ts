const TYPE_LINE = /^#\s*TYPE\s+(\S+)\s+(\w+)/;
/** Families whose type is remembered; more than any real exporter has. */
const MAX_TYPES = 20_000;

/**
 * The lines of a scrape but for their values: segment `i` is everything between the end of the line
 * of value `i - 1` and value `i` itself, comments included, so a scrape is compared in as few steps
 * as it has samples. Segments lie in one arena, which successive layouts share; what vanished from
 * the scrape stays in it until it outweighs the rest.
 */
export class ExpositionLayout {
  count = 0;
  ids = new Int32Array(0);
  starts = new Int32Array(0);
  lengths = new Int32Array(0);
  types = new Map<string, string>();
  arena: Buffer = Buffer.alloc(0);
  arenaView = new DataView(this.arena.buffer, 0, 0);
  /** What follows the last sample's line, e.g. `# EOF`. */
  tailStart = 0;
  tailLength = 0;
  #used = 0;
  #live = 0;
  /** Where the arena holds the whole scrape that this layout is filled from, or -1. */
  #wholeAt = -1;
  /** Set while this layout copies what it keeps, into an arena of its own. */
  #isCompacting = false;

  /** An empty layout to be filled from the changed scrape `body[0, end)`, sharing the arena of this one. */
  successor(body: Buffer, end: number): ExpositionLayout {
    const next = new ExpositionLayout();
    next.#grow(this.count);
    if (this.count === 0) {
      // All of a first scrape is new: one copy of it, values and all, is cheaper than one a line.
      next.#wholeAt = next.#copy(body, 0, end);
    } else if (this.#used > 2 * this.#live + 4096) {
      next.#isCompacting = true;
      next.#reserveArena(this.#live);
    } else {
      next.arena = this.arena;
      next.arenaView = this.arenaView;
      next.#used = this.#used;
    }
    if (this.types.size <= MAX_TYPES) next.types = new Map(this.types);
    return next;
  }

  /** Whether segment `i` stands at `body[at]`. */
  matches(i: number, body: Buffer, at: number, end: number): boolean {
    const start = this.starts[i]!;
    const length = this.lengths[i]!;
    if (at + length >= end) return false;
    // Two bytes decide as a rule, and cost less than a call.
    if (body[at + length - 2] !== this.arena[start + length - 2]) return false;
    return body.compare(this.arena, start, start + length, at, at + length) === 0;
  }

  /** Takes over segment `i` of `old`; returns its position here. */
  keep(old: ExpositionLayout, i: number): number {
    const start = old.starts[i]!;
    const length = old.lengths[i]!;
    const from = this.#isCompacting ? this.#copy(old.arena, start, start + length) : start;
    return this.#push(old.ids[i]!, from, length);
  }

  /** Adds the segment `body[from, to)` of series `id`; returns its position. */
  add(id: number, body: Buffer, from: number, to: number): number {
    return this.#push(id, this.#copy(body, from, to), to - from);
  }

  /** Remembers the type that a `# TYPE` comment gives. */
  comment(line: string): void {
    const match = TYPE_LINE.exec(line);
    if (match !== null) this.types.set(match[1]!, match[2]!);
  }

  setTail(body: Buffer, from: number, to: number): void {
    this.tailStart = this.#copy(body, from, to);
    this.tailLength = to - from;
    this.#live += this.tailLength;
  }

  /** Position of series `id` at or after `from`, at most `reach` ahead, else from the start; or -1. */
  find(id: number, from: number, reach: number): number {
    if (this.count === 0) return -1;
    const ahead = this.ids.subarray(from, Math.min(this.count, from + reach)).indexOf(id);
    if (ahead !== -1) return from + ahead;
    return this.ids.subarray(0, Math.min(from, reach)).indexOf(id);
  }

  #push(id: number, start: number, length: number): number {
    const i = this.count;
    if (i >= this.ids.length) this.#grow(Math.max(64, i * 2));
    this.ids[i] = id;
    this.starts[i] = start;
    this.lengths[i] = length;
    this.count = i + 1;
    this.#live += length;
    return i;
  }

  #copy(from: Buffer, start: number, end: number): number {
    if (this.#wholeAt !== -1) return this.#wholeAt + start;
    const at = this.#used;
    this.#reserveArena(at + end - start);
    from.copy(this.arena, at, start, end);
    this.#used = at + end - start;
    return at;
  }

  #grow(capacity: number): void {
    const copy = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(capacity);
      grown.set(old);
      return grown;
    };
    this.ids = copy(this.ids);
    this.starts = copy(this.starts);
    this.lengths = copy(this.lengths);
  }

  #reserveArena(bytes: number): void {
    if (bytes <= this.arena.length) return;
    const grown = Buffer.alloc(Math.max(1024, bytes + (bytes >> 1)));
    this.arena.copy(grown, 0, 0, this.#used);
    this.arena = grown;
    this.arenaView = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }
}
