import type { Exposition } from '../adapters/sources/exposition.js';
import type { SeriesTable } from '../adapters/sources/series-table.js';
import type { SourceTarget } from '../adapters/sources/source.js';
import type { CounterWindow } from './counter-window.js';
import { canonicalName } from './metric-names.js';
import {
  MEASURES,
  NO_SERVER,
  type MeasureId,
  type SeriesPart,
  type SeriesRule,
} from './sli-catalogue.js';

/** Where a measure of one scope lies in the counter window, or which levels make it. */
export type BoundMeasure = {
  readonly id: MeasureId;
  readonly replica: string | undefined;
  /** The metric as the target writes it, for people. */
  readonly metric: string;
} & (
  | {
      readonly kind: 'histogram';
      readonly bounds: Float64Array;
      readonly firstColumn: number;
    }
  | { readonly kind: 'ratio'; readonly partColumn: number; readonly wholeColumn: number }
  | { readonly kind: 'rate'; readonly column: number }
  | { readonly kind: 'level'; readonly positions: readonly number[] }
);

/** How a layout's series feed measures: all by position, so that a scrape needs no look-up. */
export interface TargetBinding {
  readonly measures: readonly BoundMeasure[];
  /** Counters that are followed: position in the scrape and id, parallel. */
  readonly positions: Int32Array;
  readonly ids: Int32Array;
  /** Which counters are reset together (the buckets of one histogram). */
  readonly groups: Int32Array;
  /** Pairs: the counter's growth (index into `positions`) is added to the column. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Position of the process' start time, or -1. */
  readonly startTimePosition: number;
}

/** Columns given out so far; they stay the same when the layout changes. */
export type ColumnDirectory = Map<string, number>;

interface Found {
  readonly position: number;
  readonly rule: SeriesRule;
  readonly part: SeriesPart;
  readonly metric: string;
  readonly isRenamed: boolean;
  readonly labels: ReadonlyMap<string, string>;
}

const START_TIME = /^(?:haproxy_)?process_start_time_seconds$/;

/** Finds the series of a scrape that feed measures, and gives them their columns. */
export function bindTarget(
  target: SourceTarget,
  exposition: Exposition,
  table: SeriesTable,
  window: CounterWindow,
  columns: ColumnDirectory,
): TargetBinding {
  const byScope = new Map<string, { replica: string | undefined; found: Found[] }>();
  const seen = new Set<number>();
  let startTimePosition = -1;
  for (let position = 0; position < exposition.count; position += 1) {
    const id = exposition.ids[position]!;
    // A series that stands twice is an exporter's mistake; counting it twice would be ours.
    if (seen.has(id)) continue;
    seen.add(id);
    const { name, labels } = table.info(id);
    if (START_TIME.test(name)) startTimePosition = position;
    const { base, part, isRenamed } = canonicalName(name);
    const rule = MEASURES.get(base);
    const role = rule?.partOf(labels);
    if (rule === undefined || role === undefined) continue;
    if ((role === 'bucket') !== (part === 'bucket') || !isOfService(labels, target)) continue;
    const found = { position, rule, part: role, metric: name, isRenamed, labels };
    for (const replica of scopesOf(rule, labels, target)) {
      const key = `${rule.measure}|${replica ?? ''}`;
      const scope = byScope.get(key);
      if (scope === undefined) byScope.set(key, { replica, found: [found] });
      else scope.found.push(found);
    }
  }
  return new Binder(exposition.ids, window, columns).bind(byScope, startTimePosition);
}

class Binder {
  readonly #counters = new Map<number, { index: number; group: number }>();
  readonly #links: [from: number, to: number][] = [];
  readonly #measures: BoundMeasure[] = [];
  #groups = 0;

  constructor(
    private readonly ids: Int32Array,
    private readonly window: CounterWindow,
    private readonly columns: ColumnDirectory,
  ) {}

  bind(
    byScope: ReadonlyMap<string, { replica: string | undefined; found: Found[] }>,
    startTimePosition: number,
  ): TargetBinding {
    for (const [key, { replica, found }] of byScope) {
      // Where an engine writes both names of a renamed metric, they are the same thing twice.
      const current = found.filter(({ isRenamed }) => !isRenamed);
      this.#bindScope(key, replica, current.length > 0 ? current : found);
    }
    const counters = [...this.#counters];
    return {
      measures: this.#measures,
      positions: Int32Array.from(counters, ([position]) => position),
      ids: Int32Array.from(counters, ([position]) => this.ids[position]!),
      groups: Int32Array.from(counters, ([, { group }]) => group),
      from: Int32Array.from(this.#links, ([from]) => from),
      to: Int32Array.from(this.#links, ([, to]) => to),
      startTimePosition,
    };
  }

  #bindScope(key: string, replica: string | undefined, found: readonly Found[]): void {
    const [first] = found;
    if (first === undefined) return;
    const { rule, metric } = first;
    const common = { id: rule.measure, replica, metric };
    switch (first.part) {
      case 'bucket':
        this.#bindHistogram(key, common, found);
        return;
      case 'level': {
        const positions = found.map(({ position }) => position);
        this.#measures.push({ ...common, kind: 'level', positions });
        return;
      }
      case 'amount': {
        const column = this.#column(key, 1);
        for (const { position } of found) this.#link(position, column);
        this.#measures.push({ ...common, kind: 'rate', column });
        return;
      }
      case 'part':
      case 'whole':
      case 'part-of-whole': {
        const partColumn = this.#column(key, 2);
        const wholeColumn = partColumn + 1;
        for (const { position, part } of found) {
          if (part !== 'whole') this.#link(position, partColumn);
          if (part !== 'part') this.#link(position, wholeColumn);
        }
        this.#measures.push({ ...common, kind: 'ratio', partColumn, wholeColumn });
      }
    }
  }

  /** Several histograms of one measure (by handler, by model) add up where their buckets are the same. */
  #bindHistogram(
    key: string,
    common: Pick<BoundMeasure, 'id' | 'replica' | 'metric'>,
    found: readonly Found[],
  ): void {
    const instances = new Map<string, { bound: number; position: number }[]>();
    for (const { labels, position } of found) {
      const bound = boundOf(labels.get('le'));
      if (Number.isNaN(bound)) continue;
      const rest = JSON.stringify([...labels].filter(([name]) => name !== 'le').sort());
      const buckets = instances.get(rest);
      if (buckets === undefined) instances.set(rest, [{ bound, position }]);
      else buckets.push({ bound, position });
    }
    let bounds: Float64Array | undefined;
    let firstColumn = -1;
    for (const buckets of instances.values()) {
      buckets.sort((a, b) => a.bound - b.bound);
      const own = Float64Array.from(buckets, ({ bound }) => bound);
      if (bounds === undefined) {
        bounds = own;
        firstColumn = this.#column(`${key}|${own.join(' ')}`, own.length);
      } else if (own.join(' ') !== bounds.join(' ')) continue;
      const group = this.#groups++;
      buckets.forEach(({ position }, i) => this.#link(position, firstColumn + i, group));
    }
    if (bounds === undefined) return;
    this.#measures.push({ ...common, kind: 'histogram', bounds, firstColumn });
  }

  #column(key: string, count: number): number {
    const known = this.columns.get(key);
    if (known !== undefined) return known;
    const first = this.window.addColumns(count);
    this.columns.set(key, first);
    return first;
  }

  #link(position: number, column: number, group?: number): void {
    let counter = this.#counters.get(position);
    if (counter === undefined) {
      counter = { index: this.#counters.size, group: group ?? this.#groups++ };
      this.#counters.set(position, counter);
    }
    this.#links.push([counter.index, column]);
  }
}

function boundOf(le: string | undefined): number {
  return le === '+Inf' || le === 'Inf' ? Infinity : Number(le ?? NaN);
}

function isOfService(labels: ReadonlyMap<string, string>, target: SourceTarget): boolean {
  for (const [name, value] of Object.entries(target.match)) {
    // HAProxy's own exporter says `proxy` for what others call `backend`.
    const given = labels.get(name) ?? (name === 'backend' ? labels.get('proxy') : undefined);
    if (given !== undefined && given !== value) return false;
  }
  return true;
}

function scopesOf(
  rule: SeriesRule,
  labels: ReadonlyMap<string, string>,
  target: SourceTarget,
): (string | undefined)[] {
  if (rule.scope === 'service') return [undefined];
  if (rule.scope === 'target') return [target.replica ?? labels.get('replica')];
  const server = labels.get('server');
  const isReplica = server !== undefined && server !== NO_SERVER;
  const replica = isReplica ? (target.replicaByServer[server] ?? server) : target.replica;
  if (rule.scope === 'server') return replica === undefined ? [] : [replica];
  return replica === undefined ? [undefined] : [undefined, replica];
}
