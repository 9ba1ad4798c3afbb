import type { RecordedSample } from './recording-line.js';

const FIRST_CAPACITY = 4096;

/** Recorded samples in columns, 20 bytes each, to be put into order of time. */
export class SampleColumns {
  #times = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #series = new Uint32Array(FIRST_CAPACITY);
  #count = 0;
  readonly #ids = new Map<string, number>();
  readonly #names: Omit<RecordedSample, 'atMs' | 'value'>[] = [];

  add({ atMs, value, metric, replica, service }: RecordedSample): void {
    const key = JSON.stringify([metric, replica ?? null, service ?? null]);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#names.length;
      this.#ids.set(key, id);
      this.#names.push({ metric, replica, service });
    }
    if (this.#count === this.#times.length) this.#grow();
    this.#times[this.#count] = atMs;
    this.#values[this.#count] = value;
    this.#series[this.#count] = id;
    this.#count += 1;
  }

  /** The samples by time; those of the same time in the order in which they were added. */
  *inOrder(): Generator<RecordedSample> {
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    order.sort((a, b) => this.#times[a]! - this.#times[b]! || a - b);
    for (const i of order) {
      yield { atMs: this.#times[i]!, value: this.#values[i]!, ...this.#names[this.#series[i]!]! };
    }
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    const values = new Float64Array(length);
    const series = new Uint32Array(length);
    times.set(this.#times);
    values.set(this.#values);
    series.set(this.#series);
    this.#times = times;
    this.#values = values;
    this.#series = series;
  }
}
