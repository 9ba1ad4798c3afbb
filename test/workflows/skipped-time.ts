import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkerOptions } from '@temporalio/worker';
import { expect, onTestFinished, vi } from 'vitest';
import type { Coordination } from '../../src/activities/world.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { judgeUpdate, MONITOR_WORKFLOW_ID } from '../../src/workflows/monitor-messages.js';

/** The product's own, but for what a server that skips time can't: counting, and an update that starts. */
export function skippingCoordination({ client }: TestWorkflowEnvironment): Coordination {
  return {
    ...createCoordination(client),
    openIncidents: () => Promise.resolve(1),
    judgeAlert: async (ask) => {
      const monitor = client.workflow.getHandle(MONITOR_WORKFLOW_ID);
      const [judgement] = await monitor.executeUpdate(judgeUpdate, { args: [[ask]] });
      return judgement!;
    },
  };
}

/** Lets time pass until the alerts of incidents that have ended are told to their end, and it is skipped again. */
export async function untilTold(
  env: TestWorkflowEnvironment,
  ...incidents: readonly WorkflowHandleWithFirstExecutionRunId[]
): Promise<void> {
  const alerts = incidents.map(({ firstExecutionRunId }) =>
    env.client.workflow.getHandle(`alert:${firstExecutionRunId}`),
  );
  const hasEnded = async (one: Pick<WorkflowHandle, 'describe'>) =>
    (await one.describe()).status.name === 'COMPLETED';
  const areTold = async () =>
    (await Promise.all([...alerts, ...incidents].map(hasEnded))).every(Boolean);
  // As a rule it takes no time but the machine's; where something is tried again, the server's.
  await vi.waitUntil(areTold, { timeout: 2_000, interval: 20 }).catch(() => undefined);
  await skipUntil(env, areTold);
  await letTimePass(env);
}

/** Longer than it takes to skip as much, but for a machine that just then does something else. */
const PROBE_MS = 1_000;
/** Where a hold was just taken back: as a rule there are as many as incidents ended. */
const NEXT_PROBE_MS = 300;
const PROBES = 2;
/** What `tellingTime` has seen of the workers: each activity holds time for as long as it runs. */
const activities = { begun: 0, running: 0 };

/** Whether time passes at the pace of clocks, with no activity that would be the reason. */
async function isHeld(env: TestWorkflowEnvironment, probeMs: number): Promise<boolean> {
  for (let probe = 0; probe < PROBES; probe += 1) {
    const { begun } = activities;
    const beganAt = performance.now();
    await env.sleep(probeMs);
    if (performance.now() - beganAt < probeMs - 100) return false;
    if (activities.begun > begun || activities.running > 0) return false;
  }
  return true;
}

/**
 * Lets a second pass. Where a child outlives its parent, or an activity was given up under load, a server that
 * skips time counts a hold on it too many, and goes on at the pace of clocks: as many as that are taken back.
 * One that was in use must not be: at its end the server would find one too few, and never let go of its workflow.
 */
export async function letTimePass(env: TestWorkflowEnvironment): Promise<void> {
  const { connection } = env;
  for (let probeMs = PROBE_MS; await isHeld(env, probeMs); probeMs = NEXT_PROBE_MS) {
    if ('testService' in connection) await connection.testService?.unlockTimeSkipping({});
  }
}

/** A call that takes longer at the pace of clocks is ended by that server, for the pings meanwhile. */
const PIECE_MS = 60_000;

/** Lets time pass until then, Unix ms; whatever still holds it is taken back on the way. */
export async function passUntil(env: TestWorkflowEnvironment, untilMs: number): Promise<void> {
  for (;;) {
    const leftMs = untilMs - (await env.currentTimeMs());
    if (leftMs <= 0) return;
    await letTimePass(env);
    await env.sleep(Math.min(leftMs, PIECE_MS));
  }
}

/** Skips some 10 s at a time, at most ten minutes, until it is so: what is due may have to wait for a timer more. */
export async function skipUntil(
  env: TestWorkflowEnvironment,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let tries = 0; tries < 60 && !(await isSo()); tries += 1) {
    await letTimePass(env);
    await env.sleep(7_000);
    // Time goes on at once; what it sets off takes a moment.
    await vi.waitUntil(isSo, { timeout: 500, interval: 25 }).catch(() => undefined);
  }
  expect(await isSo()).toBe(true);
}

/** `Date.now` as the server has it: activities compare their samples' times with the workflows'. */
export function followServerTime(): (nowMs: number) => void {
  const real = Date.now;
  let aheadMs = 0;
  Date.now = () => real() + aheadMs;
  onTestFinished(() => {
    Date.now = real;
  });
  return (nowMs) => {
    aheadMs = Math.max(aheadMs, nowMs - real());
  };
}

/** Workers' options with which each activity tells the server's time before it begins, and is known to run. */
export function tellingTime(tell: (nowMs: number) => void): Pick<WorkerOptions, 'interceptors'> {
  return {
    interceptors: {
      activity: [
        ({ info }) => ({
          inbound: {
            async execute(input, next) {
              tell(info.currentAttemptScheduledTimestampMs);
              activities.begun += 1;
              activities.running += 1;
              try {
                return await next(input);
              } finally {
                activities.running -= 1;
              }
            },
          },
        }),
      ],
    },
  };
}
