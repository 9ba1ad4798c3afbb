import type { Archive } from '../../../domain/archive.js';
import { alerts, putAlert } from './alerts.js';
import { audit, putAudit } from './audit.js';
import { claimCall, settleCall } from './calls.js';
import { changes, drills, putChange, putDrill } from './changes.js';
import type { SqlDatabase } from './database.js';
import { deliveries, putDelivery } from './deliveries.js';
import { forensics, putForensics, putTimeline, timeline } from './evidence.js';
import { incident, incidents, putIncident } from './incidents.js';
import { decideRecommendation, putRecommendations, recommendations } from './recommendations.js';
import { putReport, report, reportById, reports } from './reports.js';
import { deleteOlderThan } from './retention.js';
import { statistics } from './statistics.js';

/** The archive over a SQL database that has been migrated. */
export function sqlArchive(db: SqlDatabase, now: () => number = Date.now): Archive {
  return {
    putIncident: (record) => putIncident(db, record),
    incidents: (query) => incidents(db, query),
    incident: (id, runId) => incident(db, id, runId),
    putTimeline: (entries) => putTimeline(db, entries),
    timeline: (incidentId, runId) => timeline(db, incidentId, runId),
    putReport: (record) => putReport(db, record),
    report: (incidentId, runId) => report(db, incidentId, runId),
    reportById: (id) => reportById(db, id),
    reports: (query) => reports(db, query),
    putRecommendations: (records) => putRecommendations(db, records),
    recommendations: (query) => recommendations(db, query),
    decideRecommendation: (decision) => decideRecommendation(db, decision),
    putChange: (change) => putChange(db, change),
    changes: (query) => changes(db, query),
    putDrill: (drill) => putDrill(db, drill),
    drills: (query) => drills(db, query),
    putAudit: (record) => putAudit(db, record),
    audit: (query) => audit(db, query),
    putDelivery: (record) => putDelivery(db, record),
    deliveries: (query) => deliveries(db, query),
    putAlert: (record) => putAlert(db, record),
    alerts: (query) => alerts(db, query),
    claimCall: (claim) => claimCall(db, claim),
    settleCall: (call) => settleCall(db, call),
    putForensics: (incidentId, runId, name, text) =>
      putForensics(db, { incidentId, runId, name, text }, now()),
    forensics: (incidentId, runId) => forensics(db, incidentId, runId),
    statistics: (sinceMs) => statistics(db, sinceMs),
    deleteOlderThan: (retention) => deleteOlderThan(db, retention),
    close: () => db.close(),
  };
}
