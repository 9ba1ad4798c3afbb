import type { Evidence } from './evidence.js';
import type { InvariantName } from './invariants.js';

/**
 * A bug of each kind, planted into what a run left: what the logs and the archive would have held, had
 * paramedic broken that promise. The checker must find each, and nothing else in a clean run.
 */
export const PLANTS: Readonly<Record<InvariantName, (clean: Evidence) => Evidence>> = {
  'one-incident': (clean) => ({
    ...clean,
    incidents: [
      ...clean.incidents,
      ...clean.incidents.slice(0, 1).map((i) => ({ ...i, runId: 'twin' })),
    ],
    timeline: [
      ...clean.timeline,
      ...clean.timeline
        .filter(({ incidentId, runId, stage }) => {
          const first = clean.incidents[0];
          return incidentId === first?.id && runId === first.runId && stage === 'violation';
        })
        .map((line) => ({ ...line, runId: 'twin' })),
    ],
    reports: [
      ...clean.reports,
      ...clean.incidents.slice(0, 1).map(({ id }) => ({ incidentId: id, runId: 'twin' })),
    ],
  }),
  'no-double-effect': (clean) => ({
    ...clean,
    gateway: clean.gateway.flatMap((entry, index) =>
      index === 0 ? [entry, { ...entry, changed: false }] : [entry],
    ),
  }),
  'undos-settled': (clean) => ({
    ...clean,
    timeline: clean.timeline.filter(({ line }) => !/by hand|a person must/.test(line)),
    balancer: {
      ...clean.balancer,
      after: {
        ...clean.balancer.after,
        servers: clean.balancer.after.servers.map((s, i) => (i === 0 ? { ...s, weight: 1 } : s)),
      },
    },
  }),
  'least-healthy': (clean) => ({
    ...clean,
    gateway: clean.gateway.map((entry, index) =>
      index === 0 ? { ...entry, inService: 0 } : entry,
    ),
  }),
  'one-recovery': (clean) => {
    const twin = (id: string) => `${id}:twin`;
    const acted = clean.incidents.find(({ id, runId }) =>
      clean.timeline.some((l) => l.incidentId === id && l.runId === runId && l.stage === 'try'),
    );
    if (acted === undefined) return clean;
    return {
      ...clean,
      incidents: [...clean.incidents, { ...acted, id: twin(acted.id) }],
      timeline: [
        ...clean.timeline,
        ...clean.timeline
          .filter(({ incidentId, runId }) => incidentId === acted.id && runId === acted.runId)
          .map((line) => ({ ...line, incidentId: twin(line.incidentId) })),
      ],
      reports: [...clean.reports, { incidentId: twin(acted.id), runId: acted.runId }],
    };
  },
  'all-settled': (clean) => ({
    ...clean,
    incidents: clean.incidents.map((incident, index) =>
      index === clean.incidents.length - 1
        ? { ...incident, state: 'recovering', resolvedAtMs: null }
        : incident,
    ),
  }),
  'records-complete': (clean) => ({ ...clean, reports: clean.reports.slice(1) }),
};
