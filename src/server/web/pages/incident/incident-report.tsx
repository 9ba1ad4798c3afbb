import type { Report } from '../../lib/rca-contract.js';
import { useResource } from '../../lib/resource.js';
import { report as reportResource } from '../../lib/resources.js';
import { Badge } from '../../ui/badge.js';
import { Hypotheses } from '../../ui/hypotheses.js';
import { Empty, Loaded, Panel } from '../../ui/panel.js';

/** The probable cause with what speaks for it, and what to do; the whole of it is a page away. */
export function IncidentReport({ id }: { readonly id: string }) {
  const known = useResource(reportResource(id));
  const isThere = known.data !== undefined;
  return (
    <Panel
      title="Probable cause"
      aside={
        isThere ? (
          <>
            <a href={`/causes?incident=${encodeURIComponent(id)}`}>Whole analysis</a>
            <a
              href={`/v1/incidents/${encodeURIComponent(id)}/report?format=markdown`}
              target="_blank"
              rel="noreferrer"
            >
              Postmortem
            </a>
          </>
        ) : undefined
      }
    >
      {known.problem?.kind === 'absent' ? (
        <Empty shape="clock">The analysis is not filed yet.</Empty>
      ) : (
        <Loaded of={known} what="report">
          {(report) => <Short report={report} />}
        </Loaded>
      )}
    </Panel>
  );
}

const LIKELIEST = 3;

function Short({ report }: { readonly report: Report }) {
  const now = report.recommendations.filter(({ priority }) => priority === 'now');
  return (
    <div class="stack">
      <p class="lead">{report.summary}</p>
      <p>
        <Badge
          shown={
            report.isConfident
              ? { word: 'confident', shape: 'check', tone: 'good' }
              : { word: 'not certain', shape: 'ring', tone: 'warn' }
          }
        />
      </p>
      <Hypotheses
        hypotheses={report.hypotheses.slice(0, LIKELIEST)}
        undetermined={report.undetermined}
      />
      {now.length === 0 ? null : (
        <div>
          <h3>Do now</h3>
          <ul class="bullets">
            {now.map(({ id, text }) => (
              <li key={id}>{text}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
