import { z } from 'zod';

/** An alert of another system, whatever that is. */
export interface ExternalAlert {
  /** Same for firing and resolved of one episode: fingerprint and start. */
  readonly key: string;
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly name: string;
  readonly startsAtMs: number;
  /** Undefined while it fires. */
  readonly endsAtMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where its rule can be looked at. */
  readonly url: string | undefined;
}

/** What a webhook body held. */
export type AlertmanagerBody =
  | { readonly status: 'malformed'; readonly message: string }
  | {
      readonly status: 'read';
      readonly groupKey: string;
      readonly alerts: readonly ExternalAlert[];
      readonly rejected: readonly { readonly index: number; readonly message: string }[];
      /** Alerts that Alertmanager left out of the body (`max_alerts`). */
      readonly truncatedAlerts: number;
    };

const strings = z.record(z.string(), z.string());
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

// Loose: Alertmanager adds fields within version 4.
const bodySchema = z.looseObject({
  version: z.literal('4', 'expected a webhook body of version "4"'),
  groupKey: z.string(),
  truncatedAlerts: z.int().min(0).default(0),
  alerts: z.array(z.unknown()),
});
const alertSchema = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels: strings,
  annotations: strings.default({}),
  startsAt: time,
  endsAt: time,
  generatorURL: z.string().optional(),
  fingerprint: z.string().min(1),
});

/** Reads a webhook body of version 4; a bad alert in it rejects itself, not the others. */
export function readAlertmanagerBody(body: unknown): AlertmanagerBody {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) return { status: 'malformed', message: z.prettifyError(parsed.error) };
  const alerts: ExternalAlert[] = [];
  const rejected: { index: number; message: string }[] = [];
  parsed.data.alerts.forEach((given, index) => {
    const alert = alertSchema.safeParse(given);
    if (alert.success) alerts.push(neutral(alert.data));
    else rejected.push({ index, message: z.prettifyError(alert.error) });
  });
  const { groupKey, truncatedAlerts } = parsed.data;
  return { status: 'read', groupKey, alerts, rejected, truncatedAlerts };
}

function neutral(alert: z.output<typeof alertSchema>): ExternalAlert {
  const { status, labels, annotations, startsAt, endsAt, generatorURL, fingerprint } = alert;
  return {
    key: `${fingerprint}@${startsAt}`,
    fingerprint,
    status,
    name: labels['alertname'] ?? fingerprint,
    startsAtMs: startsAt,
    // While it fires this is the year 1.
    endsAtMs: status === 'resolved' && endsAt > 0 ? endsAt : undefined,
    labels,
    annotations,
    url: generatorURL,
  };
}

/** Episodes remembered; Alertmanager repeats a firing alert every few hours. */
const MAX_EPISODES = 10_000;

/** Tells news from repetition among the alerts that arrive. */
export class AlertEpisodes {
  readonly #states = new Map<string, ExternalAlert['status']>();

  /**
   * The alerts that change something: a new episode, or the end of one. A repetition does not, nor a
   * firing that arrives after its own end (Alertmanager's deliveries may overtake each other).
   */
  news(alerts: readonly ExternalAlert[]): ExternalAlert[] {
    return alerts.filter(({ key, status }) => {
      const before = this.#states.get(key);
      if (before === status || before === 'resolved') return false;
      this.#states.delete(key);
      this.#states.set(key, status);
      if (this.#states.size > MAX_EPISODES) {
        for (const oldest of this.#states.keys()) {
          this.#states.delete(oldest);
          break;
        }
      }
      return true;
    });
  }
}
