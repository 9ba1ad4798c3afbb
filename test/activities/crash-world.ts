import type { Client } from '@temporalio/client';
import { createRecoveryQueueActivities } from '../../src/activities/recovery-queue.js';
import type { Coordination, World } from '../../src/activities/world.js';
import { engine } from '../../src/adapters/actuators/engine.js';
import { haproxy } from '../../src/adapters/actuators/haproxy.js';
import { processActuator } from '../../src/adapters/actuators/process.js';
import { createBreakers } from '../../src/compose/breakers.js';
import { createCoordination } from '../../src/compose/coordination.js';
import type { Archive } from '../../src/domain/archive.js';
import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import { DEFAULT_BREAKERS } from '../../src/domain/recovery/breaker-kinds.js';
import { DEFAULT_PROCEDURES } from '../../src/domain/recovery/procedures/index.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { QUIET } from '../support/alerting.js';
import type { CrashWorkerSettings } from './crash-worker-settings.js';

const BREAKERS = { interval: 1_000, reconcile: 2_000, kinds: DEFAULT_BREAKERS };

/** How a worker of these tests differs from one of the product. */
export interface CrashHooks {
  /** Wraps a port that changes the fleet. */
  readonly armed: <T extends object>(port: T) => T;
  readonly beforeFence: () => void;
}

/** The product's activities over real actuators of a real fleet. */
export function createCrashActivities(
  given: CrashWorkerSettings,
  client: Client,
  hooks: CrashHooks,
): object {
  const world = crashWorld(given, client, hooks);
  return createRecoveryQueueActivities(world);
}

function crashWorld(
  given: CrashWorkerSettings,
  client: Client,
  { armed, beforeFence }: CrashHooks,
): World {
  const balancer = haproxy.create(haproxy.schema.parse({ address: given.runtime }));
  const supervisor = processActuator.create(
    processActuator.schema.parse({ services: { chat: given.supervisor } }),
  );
  const engines = engine.create(engine.schema.parse({ replicas: given.engines }));
  const coordination = createCoordination(client);
  const fenced: Coordination = {
    ...coordination,
    isCurrent(attempt) {
      beforeFence();
      return coordination.isCurrent(attempt);
    },
  };
  return {
    services: new Map([
      [
        'chat',
        {
          name: 'chat',
          replicas: Object.keys(given.engines).map((name) => ({ name, server: name })),
          loadBalancer: { port: armed(balancer.loadBalancer), backend: 'engines' },
          engine: armed(engines.engine),
          control: armed(supervisor.replicas),
          deployment: armed(supervisor.deployment),
          dependsOn: [],
        },
      ],
    ]),
    thresholds: () => DEFAULT_THRESHOLDS,
    procedures: DEFAULT_PROCEDURES,
    policy: {
      ...{ maxConcurrent: 9, maxPerHour: 1_000, cooldownMs: 0, stormAbove: 1_000 },
      autonomy: { ...DEFAULT_AUTONOMY, deployment_rollback: 'auto' },
      ...{ approvalTimeoutMs: 20_000, onApprovalTimeout: 'skip', asksBeforeRollback: false },
      ...{ minHealthyReplicas: 1, maxSharePercent: 100, minSamples: 5, compliantPercent: 80 },
      ...{ holdMs: 200, verifyTimeoutMs: 20_000, worsePercent: 20, releaseAfterWindows: 1 },
      sliWindowMs: 10,
    },
    // Whatever is done helps: these tests are about what becomes of it when its doer dies.
    history: {
      range: ({ service, metrics = [], fromMs, toMs }) => {
        const timesMs: number[] = [];
        for (let t = fromMs; t <= Math.min(toMs, Date.now()); t += 20) timesMs.push(t);
        return Promise.resolve(
          metrics.map((metric) => {
            // A cache that is full is one to be emptied.
            const value = metric === 'kv_cache_usage_percent' ? 99 : 100;
            const values = timesMs.map(() => value);
            return { service, replica: given.judged, metric, timesMs, values };
          }),
        );
      },
    },
    // Forensics are taken before a restart; nothing else of an archive is asked for.
    archive: {
      incident: () => Promise.resolve(undefined),
      putForensics: () => Promise.resolve(),
    } as unknown as Archive,
    coordination: fenced,
    breakers: createBreakers(() => client, { breakers: BREAKERS }),
    alerting: QUIET,
  };
}
