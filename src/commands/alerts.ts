import { apiOf } from './api.js';
import { print, printJson, table } from './table.js';

interface AlertAnswer {
  readonly at: string;
  readonly kind: string;
  readonly severity: string;
  readonly title: string;
  readonly state: string;
  readonly why: string;
  readonly deliveries: readonly { readonly channel: string; readonly state: string }[];
}

/** `paramedic alerts [--incident ID]`: what was worth telling, and what became of it. */
export async function listAlerts(
  configPath: string,
  options: { incident?: string; limit: string; json?: boolean },
): Promise<number> {
  const query = new URLSearchParams({ limit: options.limit });
  if (options.incident !== undefined) query.set('incident', options.incident);
  const answer = (await apiOf(configPath).get(`/v1/alerts?${query.toString()}`)) as {
    readonly alerts: readonly AlertAnswer[];
  };
  if (options.json === true) {
    printJson(answer);
    return 0;
  }
  if (answer.alerts.length === 0) {
    print('no alerts');
    return 0;
  }
  const rows = answer.alerts.map(({ at, severity, title, state, why, deliveries }) => {
    const told = deliveries.map((d) =>
      d.state === 'delivered' ? d.channel : `${d.channel} ${d.state}`,
    );
    return [at, severity, title, state === 'sent' ? told.join(', ') || 'sent' : `${state}: ${why}`];
  });
  print(table(['AT', 'SEVERITY', 'ALERT', 'TOLD'], rows, 80));
  return 0;
}
