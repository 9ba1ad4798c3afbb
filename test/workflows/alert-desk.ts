import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Alerting, NotifyActivities } from '../../src/activities/contract.js';
import type { Notification } from '../../src/domain/notification.js';
import { QUIET } from '../support/alerting.js';
import type { FakeFleet } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';
import { createCoordination } from '../../src/compose/coordination.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';

/** Two levels: everybody's channel at once, the pager when nobody acknowledged. */
export function twoLevels(afterMs: number): Alerting {
  const levels = [
    { afterMs: 0, channels: ['chat'] },
    { afterMs, channels: ['pager'] },
  ];
  return { ...QUIET, escalation: { levels, from: 'major' } };
}

/** Takes what is delivered, and remembers it. */
export class Desk {
  readonly delivered: { readonly channel: string; readonly notification: Notification }[] = [];

  /** Kinds that a channel got for an incident, in order. */
  kinds(channel: string, incidentId?: string): string[] {
    return this.delivered
      .filter((d) => d.channel === channel)
      .filter((d) => incidentId === undefined || d.notification.incidentId === incidentId)
      .map(({ notification }) => notification.kind);
  }

  private readonly activities: NotifyActivities = {
    notify: ({ channel, notification }) => {
      this.delivered.push({ channel, notification });
      return Promise.resolve({
        isArchived: true,
        delivery: {
          ...{ notificationId: notification.id, channel, incidentId: notification.incidentId },
          ...{ threadKey: notification.threadKey, state: 'delivered', attempts: 1 },
          ...{ atMs: Date.now(), error: undefined, ref: undefined, insteadOf: undefined },
        },
      });
    },
    recordDelivery: () => Promise.resolve(),
  };

  /** Runs with all workers around it, those that deliver included. */
  async around<T>(
    env: TestWorkflowEnvironment,
    fleet: FakeFleet,
    run: () => Promise<T>,
    policy: Partial<RecoveryPolicy> = {},
    coordination = createCoordination(env.client),
  ): Promise<T> {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      namespace: env.namespace ?? 'default',
      taskQueue: 'notify',
      activities: { ...this.activities },
    });
    const world = fleet.world(coordination, policy);
    return worker.runUntil(() => runWithWorkers(env, world, run));
  }
}
