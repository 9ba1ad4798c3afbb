import path from 'node:path';
import { Client } from '@temporalio/client';
import { createArchive, serveArchive } from '../adapters/archive/index.js';
import { connectClient } from '../adapters/temporal/connection.js';
import { createApp } from '../server/app.js';
import { createDetectorClient } from '../server/detector-client.js';
import { createIncidents } from '../server/incidents.js';
import { mergeExpositions } from '../telemetry.js';
import { listen } from './http-listener.js';
import { temporalTarget, temporalUi, type Role, type Running } from './role.js';

const CONNECT_WITHIN_MS = 30_000;
/** `/health/production` must answer while Temporal hangs. */
const PROBE_WITHIN_MS = 1_000;

/** The server role: the API, and the one owner of the embedded archive. */
export async function startServer({ config, telemetry }: Role): Promise<Running> {
  const archive = await createArchive(
    config.archive ?? { kind: 'libsql', path: path.join(config.dataDir, 'archive.db') },
  );
  const connection = await connectClient(temporalTarget(config), { deadlineMs: CONNECT_WITHIN_MS });
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const detector = createDetectorClient(`http://${config.detector.host}:${config.detector.port}`);
  const ui = temporalUi(config);
  const app = createApp({
    archive,
    incidents: createIncidents(archive, client),
    detector,
    serveArchive: serveArchive(archive),
    metrics: async () => {
      const parts = [{ role: 'server', text: telemetry.expose() }];
      const other = await detector.metrics();
      if (other !== undefined) parts.push({ role: 'detector', text: other });
      return mergeExpositions(parts);
    },
    async problems() {
      try {
        await connection.withDeadline(Date.now() + PROBE_WITHIN_MS, () =>
          connection.workflowService.getSystemInfo({}),
        );
        return [];
      } catch {
        return ['Temporal does not answer: detection and paging go on, recoveries wait'];
      }
    },
    uiLink: (id, runId) => `${ui}/workflows/${encodeURIComponent(id)}/${runId}/timeline`,
    nowMs: Date.now,
  });
  const listener = await listen(app, { ...config.server, setting: 'server.port' });
  return {
    async stop() {
      await listener.stop();
      await connection.close();
      await archive.close();
    },
  };
}
