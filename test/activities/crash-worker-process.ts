// A worker that dies at one moment of its first effect, as told; started by worker-crash.test.ts.
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { CrashWorkerSettings } from './crash-worker-settings.js';
import { createCrashActivities } from './crash-world.js';

const given = JSON.parse(process.argv[2] ?? '{}') as CrashWorkerSettings;
const { dies } = given;
let isArmed = typeof dies === 'object';
let isToSleep = dies === 'sleeps';

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

/** A port whose first effect of the kind that was told is the last thing that this process does. */
function armed<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      const call = own.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (typeof dies !== 'object' || dies.effect !== name) return call;
      return async (...args: unknown[]) => {
        if (!isArmed) return call(...args);
        isArmed = false;
        if (dies.moment === 'before') return die();
        const result = call(...args);
        // The request has left by then; its answer finds nobody.
        if (dies.moment === 'during') setTimeout(() => void die(), 10);
        await result;
        return die();
      };
    },
  });
}

Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address: given.address });
const client = new Client({ connection: await Connection.connect({ address: given.address }) });
const activities = createCrashActivities(given, client, {
  armed,
  beforeFence() {
    if (!isToSleep) return;
    isToSleep = false;
    // As a laptop that is closed right before the effect: it wakes up when told.
    process.kill(process.pid, 'SIGSTOP');
  },
});
const worker = await Worker.create({
  connection,
  workflowBundle: { codePath: given.codePath },
  taskQueue: given.taskQueue,
  activities,
  maxHeartbeatThrottleInterval: '100ms',
  stickyQueueScheduleToStartTimeout: '1s',
  shutdownGraceTime: '1s',
});
await worker.run();
process.exit(0);
