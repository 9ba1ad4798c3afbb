import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Heartbeat } from '../activities/heartbeat.js';
import { createHttpAgent, httpCall } from '../adapters/http.js';
import { readUrl } from '../adapters/notifiers/settings.js';
import { ownersIn } from '../config/detectors.js';
import type { Config } from '../config/schema.js';
import type { DetectorStatus } from '../server/detector-client.js';
import type { Telemetry } from '../telemetry.js';
import { detectorClients } from './detectors.js';
import { RECOVERY_QUEUE } from '../workflows/messages.js';
import { HEARTBEAT_WORKFLOW_ID } from '../workflows/notify-messages.js';

const TIMEOUT_MS = 10_000;
/** So many scrape intervals without any scrape, and detection stands still. */
const MISSED_SCRAPES = 5;
const LEAST_STILL_MS = 30_000;

/** Why detection or dispatch do not work, as the detector's own status tells; undefined when they do. */
export function problemOf(
  status: DetectorStatus | undefined,
  scrapeIntervalMs: number,
  nowMs: number,
): string | undefined {
  if (status === undefined) return 'the detector does not answer';
  if (status.isDispatching === false) return 'incidents do not reach Temporal';
  const scrapes = status.targets.flatMap(({ lastScrapeAtMs }) => lastScrapeAtMs ?? []);
  const stillMs = Math.max(MISSED_SCRAPES * scrapeIntervalMs, LEAST_STILL_MS);
  if (status.targets.length > 0 && nowMs - Math.max(0, ...scrapes) > stillMs) {
    return `nothing was scraped for ${Math.round(stillMs / 1000)} s`;
  }
  return undefined;
}

/** The configured heartbeat; undefined where there is none. */
export function createHeartbeat(
  config: Pick<Config, 'heartbeat' | 'detector' | 'services'>,
  { heartbeats }: Telemetry['notify'],
  log: Logger,
  internalToken?: string,
): Heartbeat | undefined {
  const { heartbeat, detector } = config;
  if (heartbeat === undefined) return undefined;
  const clients = detectorClients(config, internalToken);
  const ownersOf = ownersIn(config);
  return {
    periodMs: heartbeat.period,
    async problem() {
      const { scrapeInterval } = detector;
      if (clients.size === 1) {
        const [only] = clients.values();
        return problemOf(await only?.status(), scrapeInterval, Date.now());
      }
      // One that is away is no problem as long as another watches its services.
      const all = new Map<number, DetectorStatus>();
      for (const [number, client] of clients) {
        const status = await client.status();
        if (status !== undefined) all.set(number, status);
      }
      const lost = config.services.filter(
        ({ name }) => !ownersOf(name).some((number) => all.has(number)),
      );
      if (lost.length > 0) return `nobody watches ${lost.map(({ name }) => name).join(', ')}`;
      for (const status of all.values()) {
        const problem = problemOf(status, scrapeInterval, Date.now());
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    async send() {
      const agent = createHttpAgent();
      try {
        const url = await readUrl(heartbeat.url);
        const call = { method: 'GET', url, timeoutMs: TIMEOUT_MS } as const;
        // Its path is its credential: only the status is told.
        const { status } = await httpCall(agent, call).catch(() => ({ status: 0 }));
        if (status < 200 || status > 299) {
          throw new Error(status === 0 ? 'no answer' : `it answered ${status}`);
        }
      } finally {
        await agent.close();
      }
    },
    onBeat(result, why) {
      heartbeats.add({ result });
      if (result !== 'sent') log.warn({ why }, `the dead-man’s switch was not told: ${result}`);
    },
  };
}

/** Starts the heartbeat workflow where it does not run; without a configured one it ends by itself. */
export async function ensureHeartbeat(client: Client): Promise<void> {
  await client.workflow.start('heartbeat', {
    workflowId: HEARTBEAT_WORKFLOW_ID,
    taskQueue: RECOVERY_QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'Dead-man’s switch',
  });
}
