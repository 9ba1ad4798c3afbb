import type { RcaStatistics } from '../../lib/rca-contract.js';
import { words } from '../../lib/format.js';
import { Share } from '../../ui/hypotheses.js';
import { Empty } from '../../ui/panel.js';

type Counts = readonly (readonly [name: string, count: number])[];

/** How sure the analyses were, what they found by category, and how often drills proved them right. */
export function Confidence({ statistics }: { readonly statistics: RcaStatistics }) {
  const { confidence, byCategory, drills } = statistics;
  const bands: Counts = [...confidence]
    .reverse()
    .map(({ from, to, count }) => [`${from * 100} to ${to * 100} % likely`, count]);
  if (statistics.reports === 0) return <Empty>No analysis was filed yet.</Empty>;
  return (
    <div class="stack">
      <CountList title="Likelihood of the named cause" counts={bands} />
      <CountList
        title="Causes by category"
        counts={byCategory.map(({ category, count }) => [words(category), count])}
      />
      {drills.total === 0 ? null : (
        <p class="muted">
          In drills, {drills.right} of {drills.total} causes were right.
        </p>
      )}
    </div>
  );
}

function CountList({ title, counts }: { readonly title: string; readonly counts: Counts }) {
  const most = Math.max(1, ...counts.map(([, count]) => count));
  return (
    <div>
      <h3>{title}</h3>
      {counts.map(([name, count]) => (
        <Share key={name} label={name} share={count / most} text={String(count)} />
      ))}
    </div>
  );
}
