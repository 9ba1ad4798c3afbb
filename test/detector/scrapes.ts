import { ExpositionParser } from '../../src/adapters/sources/exposition.js';
import { SeriesTable } from '../../src/adapters/sources/series-table.js';
import type { SourceTarget } from '../../src/adapters/sources/source.js';
import { SliEngine } from '../../src/detector/sli.js';
import type { SliPolicy } from '../../src/detector/sli-policy.js';
import type { SliSample } from '../../src/domain/sla/samples.js';

/** A target of the service `chat`, scraped each second. */
export function target(given: Partial<SourceTarget> & { id: string }): SourceTarget {
  const replica = 'replica' in given ? given.replica : given.id;
  return {
    service: 'chat',
    role: replica === undefined ? 'gateway' : 'engine',
    url: `http://127.0.0.1/${given.id}`,
    periodMs: 1000,
    timeoutMs: 1000,
    match: {},
    replicaByServer: {},
    ...given,
    replica,
  };
}

/** An engine of SLIs, fed with page texts through the real parser. */
export class Scrapes {
  readonly samples: SliSample[] = [];
  readonly slis: SliEngine;
  readonly #table = new SeriesTable();
  readonly #parsers = new Map<string, ExpositionParser>();

  constructor(
    readonly targets: readonly SourceTarget[],
    policy: Partial<SliPolicy> = {},
  ) {
    this.slis = new SliEngine((sample) => this.samples.push(sample), policy);
    for (const each of targets) this.slis.addTarget(each);
  }

  /** One scrape of a target at a second. */
  scrape(id: string, second: number, ...lines: string[]): void {
    const found = this.targets.find((each) => each.id === id)!;
    let parser = this.#parsers.get(id);
    if (parser === undefined) this.#parsers.set(id, (parser = new ExpositionParser(this.#table)));
    const exposition = parser.parse(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    this.slis.scraped(found, exposition, this.#table, second * 1000);
  }

  fail(id: string, second: number): void {
    this.slis.failed(
      this.targets.find((each) => each.id === id)!,
      second * 1000,
    );
  }

  /** Values of a stream, as `[second, value]`. */
  values(metric: string, replica?: string): [second: number, value: number][] {
    return this.samples
      .filter((sample) => sample.metric === metric && sample.replica === replica)
      .map(({ atMs, value }) => [atMs / 1000, value]);
  }

  last(metric: string, replica?: string): SliSample | undefined {
    return this.samples.findLast((s) => s.metric === metric && s.replica === replica);
  }
}

/** Lines of a histogram: cumulative counts by bound. */
export function histogram(
  name: string,
  counts: Readonly<Record<string, number>>,
  labels = '',
): string[] {
  const rest = labels === '' ? '' : `,${labels}`;
  return Object.entries(counts).map(([le, count]) => `${name}_bucket{le="${le}"${rest}} ${count}`);
}
