/** What crosses the border between an incident and the workflow that sends its alerts. */
import { defineSignal } from '@temporalio/workflow';
import type { AlertEvent, AlertSnapshot, Paged } from '../domain/monitor/alert.js';

/** Workflow that sends the alerts of a run of an incident. */
export function alertIdOf(incidentRunId: string): string {
  return `alert:${incidentRunId}`;
}

/** Starts the alerts of an incident that has just opened. */
export interface AlertInput {
  readonly snapshot: AlertSnapshot;
  /** Base of links into Temporal's UI; empty for none. */
  readonly uiBase: string;
  /** Set when people were told while Temporal was away. */
  readonly paged: Paged | undefined;
}

/** Stages of the incident, in order. */
export const alertEventsSignal = defineSignal<[readonly AlertEvent[]]>('events');
/** People were told while Temporal was away. */
export const pagedSignal = defineSignal<[Paged]>('paged');
