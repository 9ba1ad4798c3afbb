import type {
  Alert,
  Breaker,
  Health,
  Incident,
  IncidentDetail,
  IncidentSeries,
  Mode,
  Session,
  Sla,
  Summary,
} from './contract.js';
import type { Change, RcaStatistics, Recommendation, Report } from './rca-contract.js';
import { resource } from './resource.js';

/** Between two questions about what may change any second, without and with events. */
const FAST = { everyMs: 2_000, liveEveryMs: 10_000 };
const SLOW = { everyMs: 10_000, liveEveryMs: 60_000 };
/** Measurements change with every scrape; no event tells of each. */
const MEASURED = { everyMs: 2_000, liveEveryMs: 2_000 };

const at = (id: string) => `/v1/incidents/${encodeURIComponent(id)}`;

export const session = resource<Session>('/v1/session', SLOW);
export const health = resource<Health>('/health/production', {
  ...FAST,
  liveEveryMs: 4_000,
  events: ['incident', 'sla', 'mode', 'breaker'],
});
export const summary = resource<Summary>('/metrics/summary', {
  ...FAST,
  events: ['incident', 'mode'],
});
export const sla = resource<Sla>('/v1/sla', { ...MEASURED, events: ['sla'] });
export const mode = resource<Mode>('/v1/mode', { ...FAST, events: ['mode'] });
export const breakers = resource<{ breakers: readonly Breaker[] }>('/v1/breakers', {
  ...FAST,
  events: ['breaker'],
});
export const alerts = resource<{ alerts: readonly Alert[] }>('/v1/alerts', {
  ...FAST,
  events: ['alert', 'incident'],
});
export const recommendations = resource<{ recommendations: readonly Recommendation[] }>(
  '/v1/recommendations',
  { ...SLOW, events: ['report'] },
);
export const changes = resource<{ changes: readonly Change[] }>('/v1/changes', SLOW);
export const rcaStatistics = resource<RcaStatistics>('/v1/rca/statistics', {
  ...SLOW,
  events: ['report'],
});

/** The newest incidents, as many as the list shows. */
export const incidents = resource<{ incidents: readonly Incident[]; next: string | null }>(
  '/v1/incidents?limit=500',
  { ...FAST, events: ['incident'] },
);
/** One incident. */
export const incident = (id: string) =>
  resource<IncidentDetail>(at(id), { everyMs: 1_500, liveEveryMs: 5_000, events: ['incident'] });
/** Its root cause report, there once the analysis is filed. */
export const report = (id: string) =>
  resource<Report>(`${at(id)}/report`, { ...SLOW, everyMs: 5_000, events: ['report'] });
/** Its series, those that matter or all of the service's. */
export const incidentSeries = (id: string, all: boolean) =>
  resource<IncidentSeries>(`${at(id)}/series${all ? '?all=1' : ''}`, {
    everyMs: all ? 10_000 : 3_000,
  });
