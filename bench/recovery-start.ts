import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../fleet/base/random.js';
import { createIncidentGate } from '../src/compose/incident-gate.js';
import { incidentIdOf } from '../src/workflows/messages.js';
import { names, slowReplica } from './bench-fleet.js';
import { onDurableServer, type DurableBench } from './durable-bench.js';
import type { BenchFigure } from './figure-table.js';
import { quantile } from './quantile.js';

const WARM_UP = 5;
const RUNS = 40;
/** An effect that has not come by then never will. */
const GIVE_UP_MS = 20_000;
/** Between two runs, and up to as much again, so that none begins in step with the one before. */
const QUIET_MS = 50;

/** From `start` to the moment that `arm`'s callback is called, in ms. */
async function timed(
  arm: (isThere: () => void) => void,
  start: () => Promise<unknown>,
): Promise<number> {
  const beganAt = performance.now();
  const effect = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no effect came')), GIVE_UP_MS);
    arm(() => {
      clearTimeout(timer);
      resolve(performance.now() - beganAt);
    });
  });
  await start();
  return effect;
}

/**
 * From the call that starts an incident to the first action's effect: the incident's workflow, the
 * plan, the lease, the recovery as a child, the snapshot and the fence are all in between. Against what
 * a bare workflow with one activity takes, and against its activity alone, alternating with it on the same
 * server.
 */
export async function benchRecoveryStart(): Promise<BenchFigure[]> {
  return onDurableServer(async (bench) => {
    const { env, fleet } = bench;
    const gate = createIncidentGate(() => env.client, '');
    const random = seededRandom(1);
    const quiet = () => sleep(QUIET_MS * (1 + random.unit()));
    const own: number[] = [];
    const bare: number[] = [];
    const bareActivity: number[] = [];
    for (const [index, service] of names(WARM_UP + RUNS).entries()) {
      const violation = slowReplica(service);
      await quiet();
      const beganAt = performance.now();
      const bareActivityMs = await bareRun(bench, `bare-${index}`);
      // Each begins on a server that has done with the one before.
      await env.client.workflow.getHandle(`bare-${index}`).result();
      const bareMs = performance.now() - beganAt;
      await quiet();
      const ownMs = await timed(
        (isThere) => {
          fleet.onEffect = (changed) => (changed === service ? isThere() : undefined);
        },
        () => gate.observe(violation, undefined),
      );
      fleet.onEffect = () => undefined;
      if (index >= WARM_UP) {
        bare.push(bareMs);
        bareActivity.push(bareActivityMs);
        own.push(ownMs);
      }
      await finish(bench, violation.fingerprint);
    }
    const first = 'incident start to first effect';
    const ownMs = quantile(own, 0.5);
    const bareMs = quantile(bare, 0.5);
    const toActivityMs = quantile(bareActivity, 0.5);
    return [
      { name: 'bare workflow of one activity, p50', value: bareMs, unit: 'ms' },
      { name: 'bare workflow, start to its activity, p50', value: toActivityMs, unit: 'ms' },
      { name: `${first}, p50`, value: ownMs, unit: 'ms' },
      { name: `${first}, p50 ÷ bare workflow`, value: ownMs / bareMs, unit: '×', bound: 3 },
      { name: `${first}, p50 ÷ start to bare activity`, value: ownMs / toActivityMs, unit: '×' },
      { name: `${first}, p99`, value: quantile(own, 0.99), unit: 'ms', bound: 1000 },
    ];
  });
}

function bareRun(bench: DurableBench, id: string): Promise<number> {
  return timed(
    (isThere) => {
      bench.onBareEffect = (seen) => (seen === id ? isThere() : undefined);
    },
    () =>
      bench.env.client.workflow.start('bareOne', {
        ...{ workflowId: id, taskQueue: 'bare', args: [id] },
      }),
  );
}

/** Ends both workflows at once: what comes after the first effect would only cost the next run's time. */
async function finish({ env }: DurableBench, fingerprint: string): Promise<void> {
  const incident = incidentIdOf(fingerprint);
  for (const id of [`recovery:${incident}:1`, incident]) {
    await env.client.workflow.getHandle(id).terminate('measured');
  }
}
