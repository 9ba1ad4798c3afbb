import type { Incident } from '../../lib/contract.js';
import { moment, percent, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { incidentPath } from '../../lib/router.js';
import { Empty } from '../../ui/panel.js';

const SHOWN = 12;

/** Incidents that keep coming back, most often first: what a lasting repair would save. */
export function Patterns({ all }: { readonly all: readonly Incident[] }) {
  const byId = new Map<string, Incident[]>();
  for (const one of all) {
    const runs = byId.get(one.id);
    if (runs === undefined) byId.set(one.id, [one]);
    else runs.push(one);
  }
  const groups = [...byId.values()]
    .flatMap((runs) => (runs[0] === undefined ? [] : [{ last: runs[0], runs }]))
    .sort((a, b) => b.runs.length - a.runs.length)
    .slice(0, SHOWN);
  if (groups.length === 0) return <Empty>There is no history yet.</Empty>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Historical patterns">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">What keeps coming back</th>
            <th scope="col" class="num">
              Times
            </th>
            <th scope="col" class="num">
              Recovered
            </th>
            <th scope="col">Last cause</th>
            <th scope="col" class="num">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ last, runs }) => (
            <tr key={last.id}>
              <td>
                <a href={incidentPath(last.id)}>
                  {scope(last)} · {words(last.threshold)}
                </a>
              </td>
              <td class="num" data-label="times">
                {runs.length}
              </td>
              <td class="num" data-label="recovered">
                {recoveredShare(runs)}
              </td>
              <td class="muted wrap whole">
                {runs.find(({ probableCause }) => probableCause !== null)?.probableCause ?? '–'}
              </td>
              <td class="num muted">{moment(last.openedAt, nowMs())}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Of those that ended: what is being repaired still is no failure. */
function recoveredShare(runs: readonly Incident[]): string {
  const ended = runs.filter(({ outcome }) => outcome !== null);
  if (ended.length === 0) return '–';
  const recovered = ended.filter(({ outcome }) => outcome === 'recovered');
  return percent((100 * recovered.length) / ended.length);
}
