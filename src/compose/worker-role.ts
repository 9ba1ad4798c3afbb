import os from 'node:os';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { updateMonitor } from '../server/monitor-client.js';
import { createRcaActivities, type OnAnalysed } from '../activities/diagnose.js';
import { createHeartbeatActivities } from '../activities/heartbeat.js';
import { createNotifyActivities, MAX_DELIVERIES } from '../activities/notify.js';
import { createPostActivities } from '../activities/post.js';
import { createRecoveryQueueActivities } from '../activities/recovery-queue.js';
import { createArchive } from '../adapters/archive/index.js';
import { connectClient, connectWorker } from '../adapters/temporal/connection.js';
import { ensureNamespace } from '../adapters/temporal/namespace.js';
import { ensureSearchAttributes } from '../adapters/temporal/search-attributes.js';
import { detectorPlaces } from '../config/detectors.js';
import { proceduresInForce } from '../config/procedure-schema.js';
import { RECOVERY_QUEUE, SEARCH_ATTRIBUTES } from '../workflows/messages.js';
import { RCA_QUEUE } from '../workflows/rca-messages.js';
import { maintenanceUpdate } from '../workflows/monitor-messages.js';
import { NOTIFY_QUEUE } from '../workflows/notify-messages.js';
import { AnalysisThread } from './analysis-thread.js';
import { createChannels } from './channels.js';
import { readInternalToken } from './authentication.js';
import { createBreakers } from './breakers.js';
import { reportActions } from './action-report.js';
import { countRecoveries } from './count-recoveries.js';
import { createCoordination } from './coordination.js';
import { createHistory } from './history.js';
import { createHeartbeat, ensureHeartbeat } from './heartbeat.js';
import { followThresholds } from './live-thresholds.js';
import { MaintenanceSchedule } from './maintenance-schedule.js';
import { Reconciler } from './reconciler.js';
import type { Role, Running } from './role.js';
import { sendMetrics } from './send-metrics.js';
import { temporalAccess, type TemporalAccess } from './temporal-access.js';
import { createActuators, createWorld } from './world.js';
import { WORKER_TUNING } from './worker-tuning.js';

/** A dev server is up within a second, a cluster within its deployment's own patience. */
const CONNECT_WITHIN_MS = 30_000;

/** The worker role: runs the workflows, acts on the fleet, analyses causes. */
export async function startWorker(role: Role): Promise<Running> {
  const { config, configPath, log, telemetry, sdkMetricsUrl } = role;
  const { namespace } = config.temporal;
  const { target, dataConverter, bundle } = await temporalAccess(config);
  await prepareServer(target, namespace);
  const connection = await connectWorker(target, { deadlineMs: CONNECT_WITHIN_MS });
  const client = new Client({ connection, namespace, dataConverter });
  const { server } = config;
  const actuators = createActuators(config);
  for (const [name, actuator] of actuators) {
    for (const problem of await actuator.check()) log.warn({ actuator: name }, problem);
  }
  const internalToken = await readInternalToken(config);
  const serverUrl = `http://${server.host}:${server.port}`;
  const token = internalToken === undefined ? {} : { token: internalToken };
  const archive = countRecoveries(
    await createArchive({ kind: 'remote', url: serverUrl, timeoutMs: 10_000, ...token }),
    telemetry,
    proceduresInForce(config.recovery.procedures).map(({ name }) => name),
    Date.now,
  );
  const history = createHistory(config);
  const thresholds = await followThresholds(
    detectorPlaces(config).map(({ url }) => url),
    config.thresholds,
    internalToken,
  );
  const world = createWorld(config, {
    actuators,
    archive,
    history,
    coordination: createCoordination(client),
    breakers: createBreakers(() => client, config),
    thresholds: () => thresholds.current(),
  });
  // Told beside the start, which must not wait for engines that are slow to answer.
  void reportActions(world).then((gaps) => {
    for (const { why, ...gap } of gaps) log.warn(gap, `can’t be carried out: ${why}`);
  });
  const count: OnAnalysed = ({ related }, elapsedMs) => {
    telemetry.rca.analyses.add({});
    telemetry.rca.duration.observe({}, elapsedMs / 1000);
    telemetry.rca.correlationsFound.observe({}, related.length);
  };
  const analysis = new AnalysisThread(configPath);
  const channels = createChannels(config);
  const deliveries = createNotifyActivities({
    channels,
    archive,
    onTried: (channel, result, elapsedMs) => {
      telemetry.notify.tries.add({ channel, result });
      if (result !== 'busy') telemetry.notify.duration.observe({ channel }, elapsedMs / 1000);
    },
  });
  const stopMetrics = sendMetrics({
    telemetry,
    archive,
    serverUrl,
    sdkMetricsUrl,
    token: internalToken,
    name: `worker-${os.hostname()}-${process.pid}`.replace(/[^\w.-]/g, '_'),
    onFailed: (error) => log.debug({ err: error }, 'metrics were not sent; they are sent again'),
  });
  const shared = {
    connection,
    namespace,
    dataConverter,
    workflowBundle: { codePath: bundle },
    ...WORKER_TUNING,
    shutdownGraceTime: '2s',
  };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: RECOVERY_QUEUE,
      activities: createRecoveryQueueActivities(world),
    }),
    Worker.create({
      ...shared,
      taskQueue: RCA_QUEUE,
      activities: {
        ...createRcaActivities(world, analysis.analyse, count),
        ...createPostActivities(world),
      },
    }),
    Worker.create({
      ...{ connection, namespace, dataConverter, shutdownGraceTime: shared.shutdownGraceTime },
      taskQueue: NOTIFY_QUEUE,
      maxConcurrentActivityTaskExecutions: MAX_DELIVERIES,
      activities: {
        ...deliveries,
        ...createHeartbeatActivities(createHeartbeat(config, telemetry.notify, log, internalToken)),
      },
    }),
  ]);
  const running = workers.map((worker) => worker.run());
  for (const run of running) {
    run.catch((error: unknown) => {
      log.error({ err: error }, 'the worker died');
      process.kill(process.pid, 'SIGTERM');
    });
  }
  const reconciler = new Reconciler(client, (error) =>
    log.warn({ err: error }, 'ended runs could not be looked for; it is tried again'),
  );
  reconciler.start();
  const schedule = new MaintenanceSchedule(
    config.monitor.maintenance,
    (order) => updateMonitor(client, maintenanceUpdate, order),
    (error) =>
      log.warn({ err: error }, 'scheduled maintenance could not be entered; it is tried again'),
  );
  schedule.start();
  await Promise.all([world.coordination.ensureLease(), world.coordination.ensureMonitor()]);
  if (config.heartbeat !== undefined) await ensureHeartbeat(client);
  return {
    async stop() {
      reconciler.stop();
      stopMetrics();
      schedule.stop();
      thresholds.stop();
      for (const worker of workers) worker.shutdown();
      await Promise.allSettled(running);
      for (const actuator of actuators.values()) await actuator.close();
      for (const { notifier } of channels.values()) await notifier.close();
      await analysis.stop();
      await history.close();
      await archive.close();
      await connection.close();
    },
  };
}

/** The namespace and the search attributes are there before the first workflow needs them. */
async function prepareServer(target: TemporalAccess['target'], namespace: string): Promise<void> {
  const connection = await connectClient(target, { deadlineMs: CONNECT_WITHIN_MS });
  try {
    await ensureNamespace(connection, namespace);
    await ensureSearchAttributes(connection, namespace, SEARCH_ATTRIBUTES);
  } finally {
    await connection.close();
  }
}
