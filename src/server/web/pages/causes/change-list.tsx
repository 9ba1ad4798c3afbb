import type { Change } from '../../lib/rca-contract.js';
import { moment, scope } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { Badge } from '../../ui/badge.js';
import { Empty } from '../../ui/panel.js';

const SHOWN = 15;

/** What somebody or something changed, the newest first. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return <Empty>No change was recorded.</Empty>;
  const sorted = [...changes].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, SHOWN);
  return (
    <ul class="list">
      {sorted.map((one, i) => (
        <li key={`${one.at}/${i}`}>
          <div class="row">
            <Badge shown={{ word: one.kind, shape: 'wrench', tone: 'quiet' }} bare />
            <span>{scope(one)}</span>
            <span class="end muted">{moment(one.at, nowMs())}</span>
          </div>
          <p class="muted wrap">{one.summary}</p>
        </li>
      ))}
    </ul>
  );
}
