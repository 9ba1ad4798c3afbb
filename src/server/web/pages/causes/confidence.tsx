import type { RcaStatistics } from '../../lib/contract.js';
import { words } from '../../lib/format.js';
import { Share } from '../../ui/hypotheses.js';
import { Empty } from '../../ui/panel.js';

/** What analyses found by category, and how sure they were. */
export function Confidence({ statistics }: { readonly statistics: RcaStatistics }) {
  const tables = Object.entries(statistics)
    .map(([name, value]) => [name, countsOf(value)] as const)
    .filter(([, counts]) => counts.length > 0);
  if (tables.length === 0) return <Empty>No analysis was filed yet.</Empty>;
  return (
    <div class="stack">
      {tables.map(([name, counts]) => (
        <Counts key={name} title={titleOf(name)} counts={counts} />
      ))}
    </div>
  );
}

function titleOf(name: string): string {
  return words(name.replace(/([A-Z])/g, ' $1').toLowerCase());
}

function Counts(props: {
  readonly title: string;
  readonly counts: readonly (readonly [string, number])[];
}) {
  const most = Math.max(1, ...props.counts.map(([, count]) => count));
  return (
    <div>
      <h3>{props.title}</h3>
      {props.counts.map(([name, count]) => (
        <Share key={name} label={words(name)} share={count / most} text={String(count)} />
      ))}
    </div>
  );
}

/** Counts by name, given as an object or as buckets; anything else is no distribution. */
function countsOf(value: unknown): (readonly [string, number])[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry: unknown) => {
      if (typeof entry !== 'object' || entry === null) return [];
      const { count, ...rest } = entry as Readonly<Record<string, unknown>>;
      const name = Object.values(rest)
        .filter((part) => typeof part === 'string' || typeof part === 'number')
        .join(' to ');
      return typeof count === 'number' ? [[name, count] as const] : [];
    });
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, count]) =>
    typeof count === 'number' ? [[name, count] as const] : [],
  );
}
