import type { Notification, NotificationKind } from '../notification.js';
import type { AlertText } from './alert-text.js';
import type { AlertSnapshot } from './alert.js';

/** What turns the words of an alert into a notification. */
export interface AlertNotificationInput {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly text: AlertText;
  readonly snapshot: AlertSnapshot;
  readonly dedupKey: string;
  readonly atMs: number;
  /** Base of links into the API. */
  readonly publicUrl: string;
  /** Base of links into Temporal's UI; empty for none. */
  readonly uiBase: string;
}

/** The notification of an alert, by whomever it is sent: the same conversation, the same links. */
export function alertNotification(input: AlertNotificationInput): Notification {
  const { id, kind, text: words, snapshot, dedupKey, atMs, publicUrl, uiBase } = input;
  const { title, text, facts, actions } = words;
  const { incidentId, runId, violation } = snapshot;
  const encoded = encodeURIComponent(incidentId);
  return {
    ...{ id, kind, title, text, facts, actions, incidentId, dedupKey, threadKey: dedupKey },
    ...{ severity: violation.severity, atMs },
    links: [
      { label: 'Incident', url: `${publicUrl}/v1/incidents/${encoded}` },
      ...(uiBase === ''
        ? []
        : [{ label: 'Temporal', url: `${uiBase}/workflows/${encoded}/${runId}/timeline` }]),
    ],
  };
}
