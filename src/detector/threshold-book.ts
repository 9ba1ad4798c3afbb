import { z } from 'zod';
import type { Threshold } from '../domain/sla/threshold.js';
import { JsonFile } from './json-file.js';

const fileSchema = z.object({
  version: z.literal(1),
  /** By name, as the config writes them. */
  set: z.record(z.string(), z.record(z.string(), z.json())),
  removed: z.array(z.string()),
});
type Changes = z.output<typeof fileSchema>;

/** How thresholds are read and written: the configuration's own form, handed in by compose. */
export interface ThresholdForm {
  read(
    given: readonly unknown[],
  ):
    | { readonly status: 'read'; readonly thresholds: readonly Threshold[] }
    | { readonly status: 'refused'; readonly problems: readonly ThresholdProblem[] };
  text(threshold: Threshold): Record<string, z.core.util.JSONType>;
}

/** One mistake: where in the list, and what was expected. */
export interface ThresholdProblem {
  readonly path: string;
  readonly message: string;
}

/** What came of a change. Refused: nothing was changed. */
export type ThresholdChange =
  | { readonly status: 'changed'; readonly names: readonly string[] }
  | { readonly status: 'refused'; readonly problems: readonly ThresholdProblem[] };

const NO_CHANGES: Changes = { version: 1, set: {}, removed: [] };

/**
 * The thresholds in force: those of the configuration, and what the API changed since. A change is
 * judged as the whole list that it leads to; it is on the disk before it is in force, so that it also
 * holds after a restart. The API's word wins over the configuration's until it is taken back.
 */
export class ThresholdBook {
  #base: readonly Threshold[];
  #changes: Changes = NO_CHANGES;
  #current: readonly Threshold[];
  readonly #file: JsonFile<typeof fileSchema>;
  /** One change at a time, or two could each be judged without the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    file: string,
    base: readonly Threshold[],
    private readonly form: ThresholdForm,
    /** Puts them into force. */
    private readonly apply: (thresholds: readonly Threshold[]) => void,
  ) {
    this.#file = new JsonFile(file, fileSchema);
    this.#base = base;
    this.#current = base;
  }

  get current(): readonly Threshold[] {
    return this.#current;
  }

  /** As the API gives them: readable by the configuration, and which of them the API changed. */
  view() {
    const { set, removed } = this.#changes;
    return {
      thresholds: this.#current.map((threshold) => this.form.text(threshold)),
      changedByApi: Object.keys(set),
      removedByApi: removed,
    };
  }

  /** Takes up the changes of the last run. @throws Error when they can't be used: the base holds then. */
  async restore(): Promise<void> {
    const changes = await this.#file.read();
    if (changes === undefined) return;
    const found = this.#with(this.#base, changes);
    if (found.status === 'refused') {
      const [problem] = found.problems;
      throw new Error(
        `threshold changes of the API no longer hold: ${problem?.path ?? ''} ${problem?.message ?? ''}`,
      );
    }
    this.#changes = changes;
    this.#current = found.thresholds;
    this.apply(this.#current);
  }

  /** Other thresholds of the configuration; the API's changes stay, unless they are to be dropped. */
  rebase(base: readonly Threshold[], options: { dropChanges: boolean }): Promise<ThresholdChange> {
    return this.#change(base, (changes) => (options.dropChanges ? NO_CHANGES : changes));
  }

  /** Replaces the whole list. */
  replace(given: readonly unknown[]): Promise<ThresholdChange> {
    const read = this.form.read(given);
    if (read.status === 'refused') return Promise.resolve(read);
    return this.#change(this.#base, () => this.#difference(read.thresholds));
  }

  /** Adds a threshold, or replaces the one of its name. */
  set(name: string, given: Record<string, z.core.util.JSONType>): Promise<ThresholdChange> {
    return this.#change(this.#base, ({ set, removed }) => ({
      version: 1,
      set: { ...set, [name]: { ...given, name } },
      removed: removed.filter((other) => other !== name),
    }));
  }

  remove(name: string): Promise<ThresholdChange> {
    return this.#change(this.#base, ({ set, removed }) => ({
      version: 1,
      set: Object.fromEntries(Object.entries(set).filter(([other]) => other !== name)),
      removed: this.#base.some((one) => one.name === name) ? [...removed, name] : removed,
    }));
  }

  #change(
    base: readonly Threshold[],
    next: (changes: Changes) => Changes,
  ): Promise<ThresholdChange> {
    const turn = this.#turn.then(async (): Promise<ThresholdChange> => {
      const changes = next(this.#changes);
      const found = this.#with(base, changes);
      if (found.status === 'refused') return found;
      await this.#file.write(() => changes);
      const before = new Map(this.#current.map((one) => [one.name, JSON.stringify(one)]));
      this.#base = base;
      this.#changes = changes;
      this.#current = found.thresholds;
      this.apply(this.#current);
      const after = new Map(this.#current.map((one) => [one.name, JSON.stringify(one)]));
      const names = [...new Set([...before.keys(), ...after.keys()])];
      return {
        status: 'changed',
        names: names.filter((name) => before.get(name) !== after.get(name)),
      };
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** The list that changes make of a base: in the base's order, new ones at the end. */
  #with(base: readonly Threshold[], { set, removed }: Changes) {
    const names = new Set(base.map(({ name }) => name));
    const gone = new Set(removed);
    const given = base.flatMap((threshold): unknown[] => {
      if (gone.has(threshold.name)) return [];
      return [set[threshold.name] ?? this.form.text(threshold)];
    });
    const added = Object.entries(set).flatMap(([name, text]) => (names.has(name) ? [] : [text]));
    return this.form.read([...given, ...added]);
  }

  #difference(wanted: readonly Threshold[]): Changes {
    const byName = new Map(
      this.#base.map((one) => [one.name, JSON.stringify(this.form.text(one))]),
    );
    const texts = wanted.map((one) => [one.name, this.form.text(one)] as const);
    const names = new Set(wanted.map(({ name }) => name));
    return {
      version: 1,
      set: Object.fromEntries(
        texts.filter(([name, text]) => byName.get(name) !== JSON.stringify(text)),
      ),
      removed: [...byName.keys()].filter((name) => !names.has(name)),
    };
  }
}
