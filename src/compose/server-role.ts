import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { createArchive, serveArchive } from '../adapters/archive/index.js';
import { roleGuard } from '../adapters/identity/role-guard.js';
import { createCodecServer } from '../adapters/temporal/codec-server.js';
import { connectClient } from '../adapters/temporal/connection.js';
import { createApp } from '../server/app.js';
import { createIncidents } from '../server/incidents.js';
import { loadPage, pageRoutes } from '../server/page.js';
import { createRoleMetrics } from '../server/role-metrics.js';
import { createMonitor } from '../server/monitor.js';
import { createNotifications } from '../server/notifications.js';
import { mergeExpositions } from '../telemetry.js';
import {
  createAuthentication,
  guardSettings,
  readInternalToken,
  readSigners,
} from './authentication.js';
import { createBreakers } from './breakers.js';
import { createDetectors } from './detectors.js';
import { listen } from './http-listener.js';
import { mirrorOpenIncidents } from './open-incidents.js';
import { windowAt } from './maintenance-schedule.js';
import { startRetention } from './retention.js';
import { temporalUi, type Role, type Running } from './role.js';
import { createSlackParts } from './slack.js';
import { temporalAccess } from './temporal-access.js';
import { packageVersion } from './version.js';

/** Made by the build, beside the built sources. */
const PAGE = fileURLToPath(new URL('../../web', import.meta.url));
const CONNECT_WITHIN_MS = 30_000;
/** `/health/production` must answer while Temporal hangs. */
const PROBE_WITHIN_MS = 1_000;

/** The server role: the API, and the one owner of the embedded archive. */
export async function startServer({ config, log, telemetry }: Role): Promise<Running> {
  const archive = await createArchive(
    config.archive ?? { kind: 'libsql', path: path.join(config.dataDir, 'archive.db') },
  );
  const { target, dataConverter, codec } = await temporalAccess(config);
  const connection = await connectClient(target, { deadlineMs: CONNECT_WITHIN_MS });
  const client = new Client({ connection, namespace: config.temporal.namespace, dataConverter });
  const internalToken = await readInternalToken(config);
  const detector = createDetectors(config, internalToken);
  const authentication = createAuthentication(config, internalToken, Date.now);
  const ui = temporalUi(config);
  const roles = createRoleMetrics(Date.now);
  const openIncidents = mirrorOpenIncidents(archive, telemetry);
  const app = createApp({
    archive,
    incidents: createIncidents(archive, client),
    monitor: createMonitor(client),
    schedule: () => config.monitor.maintenance.map((one) => windowAt(one, Date.now())),
    detector,
    breakers: createBreakers(() => client, config),
    targets: config.services.flatMap(({ name, replicas }) => [
      { service: name, replica: undefined },
      ...replicas.map((replica) => ({ service: name, replica: replica.name })),
    ]),
    notifications: createNotifications(client, Object.keys(config.channels)),
    slack: createSlackParts(config, log),
    serveArchive: serveArchive(archive),
    metrics: async () => {
      await openIncidents();
      const parts = [{ role: 'server', text: telemetry.expose() }];
      const other = await detector.metrics();
      if (other !== undefined) parts.push({ role: 'detector', text: other });
      return mergeExpositions([...parts, ...roles.expositions()]);
    },
    async problems() {
      try {
        await connection.withDeadline(Date.now() + PROBE_WITHIN_MS, () =>
          connection.workflowService.getSystemInfo({}),
        );
        return [];
      } catch {
        return ['degraded: Temporal does not answer; detection and paging go on, recoveries wait'];
      }
    },
    uiLink: (id, runId) => `${ui}/workflows/${encodeURIComponent(id)}/${runId}/timeline`,
    onError: (what, error, fields) => log.error({ err: error, ...fields }, what),
    authentication,
    signers: () => readSigners(config),
    guard: guardSettings(config, authentication.mode),
    rateLimit: config.server.rateLimit,
    guardRole: roleGuard(internalToken),
    page: pageRoutes(loadPage(PAGE)),
    takeMetrics: (name, text) => roles.take(name, text),
    version: packageVersion(),
    nowMs: Date.now,
  });
  const listener = await listen(app, { ...config.server, setting: 'server.port' });
  // Of an archive elsewhere, whoever owns it decides.
  const isOwner = config.archive?.kind !== 'remote';
  const retention = isOwner ? startRetention(archive, config.retention, log) : undefined;
  const decoder = codec === undefined ? undefined : await listenForUi(codec, config);
  return {
    async stop() {
      await decoder?.stop();
      await retention?.stop();
      await listener.stop();
      await connection.close();
      await archive.close();
    },
  };
}

/** Where Temporal's UI, in a browser of this machine, has encrypted payloads decoded. */
function listenForUi(codec: PayloadCodec, config: Role['config']): Promise<Running> {
  const port = config.temporal.encryption?.codecPort ?? 0;
  const app = createCodecServer(codec, new URL(temporalUi(config)).origin);
  return listen(app, { host: '127.0.0.1', port, setting: 'temporal.encryption.codecPort' });
}
