/** Labels in the order in which they are printed. */
export type Labels = Readonly<Record<string, string>>;

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function renderLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function renderValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

/** Builds one page of Prometheus text format 0.0.4, family by family. */
export class MetricPage {
  private readonly lines: string[] = [];

  /** Starts a family; its samples follow. `type` is Prometheus' word for it. */
  family(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): this {
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    return this;
  }

  /** Adds one sample line. NaN and infinities are printed the way Prometheus reads them. */
  sample(name: string, labels: Labels, value: number): this {
    this.lines.push(`${name}${renderLabels(labels)} ${renderValue(value)}`);
    return this;
  }

  /** The page, with its final newline. */
  text(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

/** The content type Prometheus' scrapers expect. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** A Prometheus histogram with fixed upper bounds (ascending, +Inf is implied). */
export class Histogram {
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = bounds.map(() => 0);
  }

  /** Counts one observation, in the unit of the bounds. */
  observe(value: number): void {
    this.sum += value;
    this.count += 1;
    const index = this.bounds.findIndex((bound) => value <= bound);
    if (index >= 0) this.counts[index] = (this.counts[index] ?? 0) + 1;
  }

  /** Adds the bucket, sum and count lines under an already started family. */
  render(page: MetricPage, name: string, labels: Labels): void {
    let cumulative = 0;
    this.bounds.forEach((bound, index) => {
      cumulative += this.counts[index] ?? 0;
      const le = Number.isInteger(bound) ? `${bound}.0` : String(bound);
      page.sample(`${name}_bucket`, { ...labels, le }, cumulative);
    });
    page.sample(`${name}_bucket`, { ...labels, le: '+Inf' }, this.count);
    page.sample(`${name}_count`, labels, this.count);
    page.sample(`${name}_sum`, labels, this.sum);
  }
}
