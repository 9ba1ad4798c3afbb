/**
 * What values a label may have: a closed list, or `bounded`, names from the configuration (services,
 * procedures, metrics, targets), of which a family takes so many series and no more.
 */
type LabelValues = readonly string[] | 'bounded';
export type LabelSpec = Readonly<Record<string, LabelValues>>;

/** The labels of one sample: a value per name of the spec, from its list where it has one. */
export type Labels<S extends LabelSpec> = {
  readonly [K in keyof S]: S[K] extends readonly (infer V)[] ? V : string;
};

/** What a value outside its closed list, or beyond the bound, is counted as. */
const OTHER = 'other';

/** Series of one family. A thousand services times a few statuses; a leak of ids stops here. */
export const MAX_SERIES = 2_000;

/** The series of one family by their labels; `T` is what a series holds. */
export class SeriesMap<S extends LabelSpec, T> {
  readonly #series = new Map<string, T>();

  constructor(
    private readonly spec: S,
    private readonly make: () => T,
    private readonly maxSeries = MAX_SERIES,
  ) {}

  /** The series of these labels, made at its first use. Metrics never fail what they measure: bad values become `other`. */
  at(labels: Labels<S>): T {
    const key = this.#keyOf(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    // One more for the overflow itself.
    const isFull = this.#series.size >= this.maxSeries;
    const place = isFull ? this.#overflowKey() : key;
    const existing = this.#series.get(place);
    if (existing !== undefined) return existing;
    const made = this.make();
    this.#series.set(place, made);
    return made;
  }

  /** Forgets a series, of a target that is gone. */
  delete(labels: Labels<S>): void {
    this.#series.delete(this.#keyOf(labels));
  }

  /** Makes every series whose labels are all from closed lists, so that `rate()` sees it start at 0. */
  fill(): void {
    let combinations: Record<string, string>[] = [{}];
    for (const [name, values] of Object.entries(this.spec)) {
      if (values === 'bounded') return;
      combinations = combinations.flatMap((c) => values.map((v) => ({ ...c, [name]: v })));
    }
    for (const labels of combinations) this.at(labels as Labels<S>);
  }

  /** Rendered labels (`a="b",c="d"`, or empty) and series, in order of first use. */
  entries(): IterableIterator<[string, T]> {
    return this.#series.entries();
  }

  #keyOf(labels: Labels<S>): string {
    return Object.entries(this.spec)
      .map(([name, values]) => {
        const value = labels[name] as string;
        const isKnown = values === 'bounded' || values.includes(value);
        return `${name}="${escapeLabel(isKnown ? value : OTHER)}"`;
      })
      .join(',');
  }

  #overflowKey(): string {
    return Object.keys(this.spec)
      .map((name) => `${name}="${OTHER}"`)
      .join(',');
  }
}

/** Text format 0.0.4: backslash, quote and line feed are escaped in label values. */
export function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}
