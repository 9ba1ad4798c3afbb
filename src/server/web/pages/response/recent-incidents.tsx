import type { Incident } from '../../lib/contract.js';
import { duration, moment, scope, words } from '../../lib/format.js';
import { nowMs } from '../../lib/now.js';
import { incidentPath } from '../../lib/router.js';
import { Badge } from '../../ui/badge.js';
import { Empty } from '../../ui/panel.js';

const SHOWN = 8;

/** The last ones that were resolved, with how. */
export function RecentIncidents({ all }: { readonly all: readonly Incident[] }) {
  const closed = all.filter(({ state }) => state === 'resolved').slice(0, SHOWN);
  if (closed.length === 0) return <Empty>No incident was closed yet.</Empty>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Recently closed incidents">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Incident</th>
            <th scope="col">Outcome</th>
            <th scope="col">Procedure</th>
            <th scope="col" class="num">
              Lasted
            </th>
            <th scope="col" class="num">
              Closed
            </th>
          </tr>
        </thead>
        <tbody>
          {closed.map((one) => (
            <tr key={`${one.id}/${one.runId}`}>
              <td>
                <a href={incidentPath(one.id)}>
                  {scope(one)} · {words(one.threshold)}
                </a>
              </td>
              <td>
                <Badge state={one.outcome ?? 'none'} bare />
              </td>
              <td class="muted">{one.procedure === null ? '–' : words(one.procedure)}</td>
              <td class="num" data-label="lasted">
                {lasted(one)}
              </td>
              <td class="num muted">{moment(one.resolvedAt, nowMs())}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function lasted({ openedAt, resolvedAt }: Incident): string {
  if (openedAt === null || resolvedAt === null) return '–';
  return duration((Date.parse(resolvedAt) - Date.parse(openedAt)) / 1000);
}
