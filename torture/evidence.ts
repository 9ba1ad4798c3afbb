import type { Balance } from '../src/drill/balance.js';

/** What the checker goes by: the outside's own logs, and what people look up. Nothing else. */
export interface Evidence {
  /** Every state-changing command that the gateway received, oldest first. */
  readonly gateway: readonly GatewayEntry[];
  /** Every operation of the supervisor, oldest first. */
  readonly supervisor: readonly SupervisorEntry[];
  readonly incidents: readonly IncidentRow[];
  readonly timeline: readonly TimelineRow[];
  readonly reports: readonly ReportRow[];
  readonly audit: readonly AuditRow[];
  /** Violations as the detector's log has them. */
  readonly violations: readonly { readonly fingerprint: string; readonly atMs: number }[];
  /** Orders of operators that the API accepted. */
  readonly orders: readonly { readonly incidentId: string; readonly order: string }[];
  /** The load balancer before the first blow and after the last. */
  readonly balancer: { readonly before: Balance; readonly after: Balance };
  readonly replicas: { readonly before: number; readonly after: number };
  readonly release: { readonly before: string; readonly after: string };
  /** From the configuration. */
  readonly minHealthyReplicas: number;
  /** How far the clock was stepped at most: instants of different logs are compared with that much play. */
  readonly clockPlayMs: number;
}

export interface GatewayEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly command: string;
  /** False where it set what was set already. */
  readonly changed: boolean;
  /** Servers in service after it: ready, of a weight above 0, and no open circuit. */
  readonly inService: number | undefined;
}
export interface SupervisorEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly what: string;
  readonly target: string;
  readonly operationId: string | null;
}
export interface IncidentRow {
  readonly id: string;
  readonly runId: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly service: string;
  readonly replica: string | null;
  readonly procedure: string | null;
  readonly openedAtMs: number;
  readonly resolvedAtMs: number | null;
}
export interface TimelineRow {
  readonly incidentId: string;
  readonly runId: string;
  readonly sequence: number;
  readonly atMs: number;
  readonly stage: string;
  readonly line: string;
}
export interface ReportRow {
  readonly incidentId: string;
  readonly runId: string;
}
export interface AuditRow {
  readonly what: string;
  readonly target: string;
  readonly outcome: string;
}
