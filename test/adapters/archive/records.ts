import type { AuditRecord, IncidentRecord, TimelineEntry } from '../../../src/domain/archive.js';
import type {
  ChangeRecord,
  DrillRecord,
  RecommendationRecord,
  ReportRecord,
} from '../../../src/domain/rca-archive.js';
import type { DeliveryRecord } from '../../../src/domain/notification.js';
import type { AlertRecord } from '../../../src/domain/monitor/alert-record.js';

const HOUR_AT_MS = 1_700_000_000_000;

/** An incident with all fields set; `n` tells instants and revisions apart. */
export const incidentRecord = (over: Partial<IncidentRecord> = {}): IncidentRecord => ({
  id: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  state: 'recovering',
  outcome: undefined,
  service: 'chat',
  replica: 'engine-2',
  threshold: 'request_latency_p95',
  metric: 'request_latency_p95',
  violationType: 'latency_breach',
  severity: 'major',
  value: 287.5,
  limit: 250,
  unit: 'ms',
  openedAtMs: HOUR_AT_MS,
  resolvedAtMs: undefined,
  procedure: 'latency_spike',
  probableCause: undefined,
  revision: 1,
  ...over,
});

export const timelineEntry = (over: Partial<TimelineEntry> = {}): TimelineEntry => ({
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  sequence: 0,
  atMs: HOUR_AT_MS,
  stage: 'violation',
  text: 'p95 287 ms > 250 ms',
  ...over,
});

export const reportRecord = (over: Partial<ReportRecord> = {}): ReportRecord => ({
  id: 'rca:run-1',
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  createdAtMs: HOUR_AT_MS,
  service: 'chat',
  probableCause: 'engine-2 is slow',
  category: 'infrastructure',
  likelihood: 0.92,
  isConfident: true,
  features: ['cause:infrastructure', 'rises:latency'],
  body: '{"hypotheses":[]}',
  markdown: '# Postmortem\n',
  ...over,
});

export const auditRecord = (over: Partial<AuditRecord> = {}): AuditRecord => ({
  key: 'audit-1',
  atMs: HOUR_AT_MS,
  who: 'ada',
  from: 'api',
  what: 'abort',
  target: 'incident:chat:engine-2:request_latency_p95',
  outcome: 'accepted',
  detail: 'too risky',
  ...over,
});

export const deliveryRecord = (over: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  notificationId: 'notification-1',
  channel: 'slack',
  incidentId: undefined,
  threadKey: 'thread',
  state: 'delivered',
  attempts: 1,
  atMs: HOUR_AT_MS,
  error: undefined,
  ref: undefined,
  insteadOf: undefined,
  ...over,
});

export const recommendationRecord = (
  over: Partial<RecommendationRecord> = {},
): RecommendationRecord => ({
  id: 'rca:run-1:r1',
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  reportId: 'rca:run-1',
  text: 'engine-2: check its cooling',
  category: 'infrastructure',
  priority: 'now',
  state: 'open',
  createdAtMs: HOUR_AT_MS,
  by: undefined,
  reason: undefined,
  atMs: undefined,
  ...over,
});

export const changeRecord = (over: Partial<ChangeRecord> = {}): ChangeRecord => ({
  id: 'change-1',
  atMs: HOUR_AT_MS,
  service: 'chat',
  replica: undefined,
  kind: 'config',
  summary: 'max-num-seqs 8 to 32',
  by: 'ada',
  ...over,
});

export const drillRecord = (over: Partial<DrillRecord> = {}): DrillRecord => ({
  id: 'drill-1',
  atMs: HOUR_AT_MS,
  fault: 'slow-replica',
  isRight: true,
  body: '{"fault":"slow-replica"}',
  ...over,
});

export const alertRecord = (over: Partial<AlertRecord> = {}): AlertRecord => ({
  id: 'alert-1',
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  runId: 'run-1',
  service: 'chat',
  replica: 'engine-2',
  kind: 'violation',
  severity: 'major',
  title: 'Major violation: request_latency_p95 of chat/engine-2',
  text: '**What:** request_latency_p95 287 ms',
  atMs: HOUR_AT_MS,
  state: 'sent',
  why: '',
  escalationLevel: 0,
  acknowledgedBy: undefined,
  revision: 1,
  ...over,
});
