import type { Exposition } from '../adapters/sources/exposition.js';
import type { SeriesTable } from '../adapters/sources/series-table.js';
import type { SourceTarget } from '../adapters/sources/source.js';
import { canonicalName } from './metric-names.js';
import type { SeriesStore, StoredSeries } from './series-store.js';
import { NO_SERVER, SLIS } from './sli-catalogue.js';
import type { SliPolicy } from './sli-policy.js';

/** Labels that name the process, not a part of what it measures. */
const IDENTITY_LABELS = new Set([
  'model_name',
  'engine',
  'instance',
  'job',
  'proxy',
  'backend',
  'server',
  'replica',
]);

/** Stored already, as SLIs. */
const SLI_METRICS = new Set(SLIS.map(({ metric }) => metric));

/** One stored series, from one or more scraped ones (engines of a replica, models) that are added up. */
interface RawTrack {
  readonly stored: StoredSeries;
  readonly kind: 'gauge' | 'rate' | 'mean';
  /** Of gauges and counters, or of a histogram's sums. */
  readonly positions: number[];
  /** Of a histogram's counts. */
  readonly countPositions: number[];
  previous: number;
  previousCount: number;
}

/**
 * Keeps series that no threshold looks at, but a diagnosis does: gauges as they are, counters as
 * `<name>_per_second`, histograms as their mean, `<name>_mean`; by canonical name, with what labels
 * tell its parts apart, and only those that the policy's patterns name.
 */
export class RawSeries {
  #tracks: RawTrack[] = [];
  #version = -1;
  #epoch = -1;
  #storedAtMs = -Infinity;
  /** Series that the patterns name but for which there is no room. */
  leftOut = 0;

  constructor(
    private readonly target: SourceTarget,
    private readonly store: SeriesStore,
    private readonly policy: SliPolicy,
  ) {}

  scraped(exposition: Exposition, table: SeriesTable, atMs: number): void {
    // Half a period of slack: a scrape a few ms early must not be left out and the next one doubled.
    const sinceMs = atMs - this.#storedAtMs;
    if (sinceMs < this.policy.rawPeriodMs - this.target.periodMs / 2) return;
    if (exposition.version !== this.#version || table.epoch !== this.#epoch) {
      this.#bind(exposition, table);
      this.#version = exposition.version;
      this.#epoch = table.epoch;
    }
    const { values } = exposition;
    for (const track of this.#tracks) {
      const now = sumAt(values, track.positions);
      const before = track.previous;
      track.previous = now;
      if (track.kind === 'gauge') {
        this.#put(track, atMs, now);
        continue;
      }
      const growth = now >= before ? now - before : now;
      if (track.kind === 'rate') {
        if (!Number.isNaN(before)) this.#put(track, atMs, (1000 * growth) / sinceMs);
        continue;
      }
      const count = sumAt(values, track.countPositions);
      const countBefore = track.previousCount;
      track.previousCount = count;
      if (Number.isNaN(countBefore)) continue;
      const isReset = count < countBefore;
      const requests = isReset ? count : count - countBefore;
      if (requests > 0) this.#put(track, atMs, (isReset ? now : now - before) / requests);
    }
    this.#storedAtMs = atMs;
  }

  #put(track: RawTrack, atMs: number, value: number): void {
    if (Number.isFinite(value)) this.store.append(track.stored, atMs, value);
  }

  #bind(exposition: Exposition, table: SeriesTable): void {
    const old = new Map(this.#tracks.map((track) => [track.stored, track]));
    const tracks = new Map<string, RawTrack>();
    this.leftOut = 0;
    const current = new Set<string>();
    for (let position = 0; position < exposition.count; position += 1) {
      const { base, isRenamed } = canonicalName(table.info(exposition.ids[position]!).name);
      if (!isRenamed) current.add(base);
    }
    for (let position = 0; position < exposition.count; position += 1) {
      const { name, labels } = table.info(exposition.ids[position]!);
      if (/_(?:bucket|created|info)$/.test(name)) continue;
      if (!this.policy.rawPatterns.some((pattern) => pattern.test(name))) continue;
      const kind = this.#kindOf(name, exposition.types);
      if (kind === undefined) continue;
      const { base, part, isRenamed } = canonicalName(name);
      if (isRenamed && current.has(base)) continue;
      // A summary's quantiles have the bare name of what is stored as its mean.
      if (labels.has('quantile')) continue;
      const metric = `${base}${labelSuffix(labels)}${kind === 'rate' ? '_per_second' : ''}${
        kind === 'mean' ? '_mean' : ''
      }`;
      const server = labels.get('server');
      if (server === NO_SERVER || SLI_METRICS.has(metric)) continue;
      const replica =
        server === undefined
          ? (this.target.replica ?? labels.get('replica'))
          : (this.target.replicaByServer[server] ?? server);
      const key = `${replica ?? ''}|${metric}`;
      let track = tracks.get(key);
      if (track === undefined) {
        const stored =
          tracks.size < this.policy.maxRawPerTarget
            ? this.store.open({ service: this.target.service, replica, metric })
            : undefined;
        if (stored === undefined) {
          this.leftOut += 1;
          continue;
        }
        track = {
          stored,
          kind,
          positions: [],
          countPositions: [],
          previous: old.get(stored)?.previous ?? NaN,
          previousCount: old.get(stored)?.previousCount ?? NaN,
        };
        tracks.set(key, track);
      }
      (part === 'count' && kind === 'mean' ? track.countPositions : track.positions).push(position);
    }
    this.#tracks = [...tracks.values()];
  }

  #kindOf(name: string, types: ReadonlyMap<string, string>): RawTrack['kind'] | undefined {
    const family = name.replace(/_(?:sum|count)$/, '');
    const familyType = types.get(family);
    if (family !== name && (familyType === 'histogram' || familyType === 'summary')) return 'mean';
    const type = types.get(name) ?? types.get(name.replace(/_total$/, ''));
    if (type === 'counter' || (type === undefined && name.endsWith('_total'))) return 'rate';
    return type === 'gauge' || type === undefined || type === 'untyped' || type === 'unknown'
      ? 'gauge'
      : undefined;
  }
}

/** Joined by `;`: a comma separates names in a history's query. */
function labelSuffix(labels: ReadonlyMap<string, string>): string {
  const parts = [...labels].filter(([name]) => !IDENTITY_LABELS.has(name) && name !== 'le').sort();
  return parts.length === 0
    ? ''
    : `{${parts.map(([name, value]) => `${name}=${value}`).join(';')}}`;
}

function sumAt(values: Float64Array, positions: readonly number[]): number {
  let sum = 0;
  for (const position of positions) sum += values[position]!;
  return sum;
}
