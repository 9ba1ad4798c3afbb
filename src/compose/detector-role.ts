import path from 'node:path';
import { Client } from '@temporalio/client';
import { connectClient } from '../adapters/temporal/connection.js';
import { Detector } from '../detector/detector.js';
import { createInternalApi } from '../detector/internal-api.js';
import { DEFAULT_SLA_POLICY } from '../domain/sla/policy.js';
import type { SlaEvent } from '../domain/sla/samples.js';
import { listen } from './http-listener.js';
import { createIncidentGate } from './incident-gate.js';
import { temporalTarget, temporalUi, type Role, type Running } from './role.js';
import { createSources } from './sources.js';

/** How long the detector waits for Temporal at its start before it goes on without. */
const CONNECT_WITHIN_MS = 30_000;

/** The detector role: scrapes, evaluates, and keeps incidents in step with violations. */
export async function startDetector({ config, log, telemetry }: Role): Promise<Running> {
  const { detector: settings } = config;
  const connection = await connectClient(temporalTarget(config), { deadlineMs: CONNECT_WITHIN_MS });
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const detector = new Detector({
    thresholds: config.thresholds,
    policy: { ...DEFAULT_SLA_POLICY, latenessMs: settings.lateness },
    sliPolicy: { windowMs: () => settings.sliWindow, rawPeriodMs: settings.scrapeInterval },
    sources: createSources(config),
    maxConcurrentScrapes: settings.maxConcurrentScrapes,
    retentionMs: settings.retention,
    gate: createIncidentGate(client, temporalUi(config)),
    snapshotFile: path.join(config.dataDir, 'detector.snapshot'),
    snapshotEveryMs: settings.snapshotEvery,
    now: Date.now,
    onEvent: (event) => tell(event, { log, telemetry }),
    onProblem: (what, error) => log.warn({ err: error }, `${what} failed; it is tried again`),
    onDispatched: (fingerprint, elapsedMs) => {
      telemetry.detector.dispatchLatency.observe({ kind: 'start' }, elapsedMs / 1000);
      log.info({ fingerprint, elapsedMs }, 'incident started');
    },
    onPollFailed: (target, error) =>
      log.debug(
        { target: target.id, reason: error instanceof Error ? error.message : String(error) },
        'scrape failed',
      ),
  });
  await detector.start();
  const api = createInternalApi({
    detector,
    metrics: () => {
      telemetry.sla.complianceRate.set({}, detector.summary().compliancePercent);
      return telemetry.expose();
    },
    coverage: () => [],
    now: Date.now,
  });
  const listener = await listen(api, { ...settings, setting: 'detector.port' });
  return {
    async stop() {
      await listener.stop();
      await detector.stop();
      await connection.close();
    },
  };
}

function tell(event: SlaEvent, { log, telemetry }: Pick<Role, 'log' | 'telemetry'>): void {
  switch (event.type) {
    case 'breach': {
      telemetry.sla.thresholdBreaches.add({ metric: event.metric });
      const { metric, replica, service, value, limit } = event;
      log.info(
        { story: 'breach' },
        `${metric} of ${replica ?? service}: ${value.toPrecision(4)} is beyond ${limit.toPrecision(4)}`,
      );
      return;
    }
    case 'violation': {
      const { severity, violationType, fingerprint } = event.violation;
      telemetry.sla.violations.add({ severity, type: violationType });
      log.info({ fingerprint, severity }, 'violation opened');
      return;
    }
    case 'severity':
      log.info(
        { fingerprint: event.violation.fingerprint, severity: event.violation.severity },
        'violation is graver',
      );
      return;
    case 'resolved':
      log.info(
        { fingerprint: event.violation.fingerprint, because: event.because },
        'violation resolved',
      );
      return;
    case 'no-data':
      log.warn(
        { metric: event.metric, service: event.service, replica: event.replica },
        'no fresh samples',
      );
      return;
    case 'data-returned':
      log.info(
        { metric: event.metric, service: event.service, replica: event.replica },
        'samples are back',
      );
      return;
    case 'anomaly':
      log.info(
        { metric: event.metric, replica: event.replica, value: event.value, score: event.score },
        'anomaly',
      );
  }
}
