import { clockTime, howLong } from './describe-change.js';
import type { RatedHypothesis, RootCauseReport, SimilarIncident } from './report.js';
import { escapeXml, sparkline, type PictureMark } from './sparkline.js';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Text from logs and labels must not become markup, a table cell or a second line. */
const plain = (text: string): string =>
  escapeXml(text)
    .replace(/[\\`*_[\]#|]/g, '\\$&')
    .replace(/\s+/g, ' ');

const list = (items: readonly string[]): string =>
  items.length === 0 ? 'None.' : items.map((item) => `- ${item}`).join('\n');

/** The report as a Markdown postmortem with inline SVG pictures. Times are UTC. */
export function postmortemOf(report: RootCauseReport): string {
  const { incident, recommendations, missing } = report;
  const sections: [string, string][] = [
    ['Summary', `${plain(report.summary)}.`],
    ['Probable causes', causes(report)],
    [
      'Timeline (UTC)',
      table(
        ['Time', 'What', 'Detail'],
        report.timeline.map(({ atMs, kind, text }) => [clockTime(atMs), kind, plain(text)]),
      ),
    ],
    ['Series that matter', pictures(report)],
    [
      'Series that moved with it',
      table(
        ['Series', 'r', 'Leads by', 'Confidence', 'Part'],
        report.related.map((one) => [
          plain(`${one.replica ?? one.service} ${one.metric}`),
          one.correlation.toFixed(2),
          `${Math.round(one.lagMs / 1000)} s`,
          one.confidence,
          one.role,
        ]),
      ),
    ],
    ['Insights', list(report.insights.map(plain))],
    [
      'Recommendations',
      list(recommendations.map(({ id, text, priority }) => `${id} (${priority}): ${plain(text)}`)),
    ],
    ['Prevention', list(report.prevention.map(plain))],
    ['Similar incidents', list(report.similar.map((one) => similar(one, incident.openedAtMs)))],
    ['Evidence that was missing', list(missing.map(plain))],
  ];
  const who = plain(incident.replica ?? incident.service);
  return `# Incident: ${plain(incident.metric)} of ${who}\n\n${sections
    .map(([title, body]) => `## ${title}\n\n${body}\n`)
    .join('\n')}`;
}

function causes({ hypotheses, undetermined }: RootCauseReport): string {
  const shown = hypotheses.filter((one, i) => i < 3 || one.probability >= 0.05);
  return [...shown.map(cause), `**Undetermined: ${percent(undetermined)}**`].join('\n\n');
}

function cause(one: RatedHypothesis): string {
  const where = plain(one.replica ?? one.service);
  const how = one.mechanism === undefined ? '' : `, ${plain(one.mechanism)}`;
  const lines = [
    ...one.evidenceFor.map(({ text }) => `- for: ${plain(text)}`),
    ...one.evidenceAgainst.map(({ text }) => `- against: ${plain(text)}`),
  ];
  return `**${one.kind}: ${percent(one.probability)}** (${where}${how})\n\n${lines.join('\n')}`.trimEnd();
}

function similar(one: SimilarIncident, openedAtMs: number): string {
  const { incidentId, atMs, probableCause, similarity } = one;
  const when = `${howLong(openedAtMs - atMs)} before`;
  return `${when}, ${plain(incidentId)} (${percent(similarity)} alike): ${plain(probableCause)}`;
}

/** What was done and changed, as the pictures mark it. */
function marksOf({ timeline }: RootCauseReport): PictureMark[] {
  return timeline.flatMap(({ atMs, kind, text }) =>
    kind === 'step' || kind === 'change' ? [{ atMs, kind, text }] : [],
  );
}

function pictures(report: RootCauseReport): string {
  const { pictures: shown, onsetMs } = report;
  const marks = marksOf(report);
  const drawn = shown
    .map((series) => ({ label: plain(series.label), svg: sparkline(series, onsetMs, marks) }))
    .filter(({ svg }) => svg !== '');
  return drawn.length === 0
    ? 'None.'
    : drawn.map(({ label, svg }) => `${label}\n\n${svg}`).join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
