import type { BudgetView } from '../domain/sla/error-budget.js';
import type { DetectorClient } from './detector-client.js';

/** As the detector's `GET /internal/outlook` gives it. */
export interface Outlook {
  readonly budgets: readonly BudgetView[];
  readonly outlooks: readonly {
    readonly threshold: string;
    readonly service: string;
    readonly outlook: 'breached' | 'breach-ahead' | 'steady' | 'unknown';
    readonly breachInSeconds?: number;
  }[];
}

/** Nothing is known of what is to come. */
export const NO_OUTLOOK: Outlook = { budgets: [], outlooks: [] };

/** Error budgets and forecasts, which cost the detector more than its status does. */
export async function readOutlook(detector: DetectorClient): Promise<Outlook> {
  const { status, body } = await detector.forward('GET', '/internal/outlook', undefined);
  return status < 300 ? (body as Outlook) : NO_OUTLOOK;
}

interface Scoped {
  readonly threshold: string;
  readonly service: string;
}

/** The budget that a threshold's objective has left for a service, the scarcest where it has several. */
export function budgetJson({ budgets }: Outlook, { threshold, service }: Scoped) {
  const [budget] = budgets
    .filter((one) => one.threshold === threshold && one.service === service)
    .sort((a, b) => a.remainingPercent - b.remainingPercent);
  if (budget === undefined) return null;
  return {
    remainingPercent: budget.remainingPercent,
    burnRates: budget.windows.map(({ windowMs, burnRate }) => ({
      window: windowText(windowMs),
      rate: burnRate,
    })),
  };
}

/** When the SLI will reach its limit: 0 where it is beyond it, null while no trend leads there. */
export function forecastJson({ outlooks }: Outlook, { threshold, service }: Scoped) {
  const found = outlooks.find((one) => one.threshold === threshold && one.service === service);
  if (found === undefined || found.outlook === 'unknown') return null;
  if (found.outlook === 'breached') return { breachInSeconds: 0 };
  return { breachInSeconds: found.breachInSeconds ?? null };
}

function windowText(windowMs: number): string {
  const hours = windowMs / 3_600_000;
  return hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`;
}
