import type { Evidence } from './evidence.js';
import { groupBy } from './group-by.js';

const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 23);

/** All that a run left, in the order in which it happened there: for whoever has to find out why it is red. */
export function storyOf(evidence: Evidence): readonly string[] {
  const { incidents, timeline, gateway, supervisor, violations, orders } = evidence;
  const lines = groupBy(timeline, ({ incidentId, runId }) => `${incidentId} ${runId}`);
  return [
    ...incidents.flatMap(({ id, runId, state, outcome, openedAtMs }) => [
      `${clock(openedAtMs)}  ${id} (${runId}): ${state}, ${outcome ?? 'no outcome'}`,
      ...[...(lines.get(`${id} ${runId}`) ?? [])]
        .sort((a, b) => a.sequence - b.sequence)
        .map(({ sequence, atMs, stage, line }) => `  ${sequence} ${clock(atMs)} ${stage}: ${line}`),
    ]),
    ...violations.map(({ atMs, fingerprint }) => `${clock(atMs)}  violated: ${fingerprint}`),
    ...gateway.map(
      ({ seq, atMs, command, changed, inService }) =>
        `${clock(atMs)}  gateway #${seq}: ${command}${changed ? '' : ' (set already)'}, ${inService ?? '?'} in service`,
    ),
    ...supervisor.map(
      ({ seq, atMs, what, target, operationId }) =>
        `${clock(atMs)}  supervisor #${seq}: ${what} ${target} ${operationId ?? ''}`,
    ),
    ...orders.map(({ order, incidentId }) => `order taken: ${order} of ${incidentId}`),
  ];
}
