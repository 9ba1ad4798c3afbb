import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { roleGuard } from '../adapters/identity/role-guard.js';
import { slaPolicyOf } from '../config/evaluation-schema.js';
import { readThresholds, thresholdText } from '../config/threshold-text.js';
import { configOf, detectorPlaces, type DetectorPlace } from '../config/detectors.js';
import type { Config } from '../config/schema.js';
import { Detector } from '../detector/detector.js';
import { createInternalApi } from '../detector/internal-api.js';
import { createWatch } from './breaker-watch.js';
import {
  addDetectorCounters,
  countPollFailure,
  mirrorBreakers,
  mirrorState,
} from './detector-counters.js';
import { tellEvent } from './detector-events.js';
import { readInternalToken } from './authentication.js';
import { listen } from './http-listener.js';
import { createFactsTeller } from './facts-teller.js';
import { createIncidentGate } from './incident-gate.js';
import { createReload } from './reload-thresholds.js';
import { temporalUi, type Role, type Running } from './role.js';
import { watchMonitor } from './monitor-watch.js';
import { Neighbours } from './neighbours.js';
import { createOutagePaging } from './outage-paging.js';
import { ScaledReplicas } from './scaled-replicas.js';
import { createSources } from './sources.js';
import { tellCoverage } from './tell-coverage.js';
import { connectLater } from './temporal-later.js';
import { createActuators } from './world.js';
import { readHost } from '../detector/breakers/host-health.js';

/**
 * The detector role: scrapes, evaluates, and keeps incidents in step with violations. One of several
 * does so for its own services, and leaves those of the others alone.
 */
export async function startDetector(given: Role, place: DetectorPlace): Promise<Running> {
  const whole = given.config;
  const role = { ...given, config: configOf(place, whole) };
  const { config, log, telemetry } = role;
  // Its host's health looks at the folder's disk before the first snapshot makes it.
  await mkdir(config.dataDir, { recursive: true });
  const counters = addDetectorCounters(telemetry);
  const temporal = connectLater(config, log);
  const sources = createSources(config);
  const actuators = createActuators(config);
  const monitor = watchMonitor(temporal, log);
  const token = await readInternalToken(config);
  const neighbours = new Neighbours({
    ...{ place, places: detectorPlaces(whole), config: whole, token, now: Date.now },
    onChange: (detector, isThere) =>
      isThere
        ? log.info({ detector }, 'another detector of these services is back')
        : log.warn({ detector }, 'another detector of these services does not answer'),
  });
  const watch = createWatch(role, { temporal, monitor, actuators, share: neighbours });
  const outage = createOutagePaging(role, monitor, neighbours);
  const detector = new Detector({
    ...settingsOf(config),
    pager: outage.pager,
    sources: sources.listed,
    gate: createIncidentGate(() => temporal.get(), temporalUi(config)),
    tellFacts: createFactsTeller(() => temporal.get()),
    others: watch.failedTrials,
    source: `${os.hostname()}:${place.port}`,
    isOwn: place.isOwn,
    neighbours,
    now: Date.now,
    onSample: (sample) => watch.onSample(sample),
    onEvent: (event) => tellEvent(event, role, counters),
    onProblem: (what, error) => log.warn({ err: error }, `${what} failed; it is tried again`),
    onDispatched: (fingerprint, elapsedMs) => {
      telemetry.detector.dispatchLatency.observe({ kind: 'start' }, elapsedMs / 1000);
      log.info({ fingerprint, elapsedMs }, 'incident started');
    },
    onCalled: (kind, isOk) =>
      telemetry.detector.dispatches.add({ kind, result: isOk ? 'ok' : 'error' }),
    onPollFailed: (target, error) => {
      countPollFailure(telemetry, error);
      const reason = error instanceof Error ? error.message : String(error);
      log.debug({ target: target.id, reason }, 'scrape failed');
    },
  });
  // Before the first comparison: what a neighbour holds open must not be ended.
  await neighbours.start();
  await detector.start();
  await watch.start(detector);
  const reload = createReload(role, detector.thresholds, counters);
  const api = createInternalApi({
    detector,
    metrics: () => {
      mirrorState(detector, telemetry);
      mirrorBreakers(watch.states(), telemetry);
      return telemetry.expose();
    },
    push: {
      services: new Map(
        whole.services.map((s) => [s.name, new Set(s.replicas.map(({ name }) => name))]),
      ),
      isOwn: place.isOwn,
      incidentTtlMs: config.push.incidentTtl,
      alertTtlMs: config.push.alertTtl,
      onMeasurements: (accepted, rejected) => {
        counters.measurements.add({ result: 'accepted' }, accepted);
        counters.measurements.add({ result: 'rejected' }, rejected);
      },
      onAlert: (result, alert) => {
        counters.alerts.add({ result });
        if (result === 'repeated' || result === 'ended') return;
        log.info({ alert: alert?.name, labels: alert?.labels, result }, 'alert received');
      },
      onTruncated: (alerts) => {
        counters.alerts.add({ result: 'truncated' }, alerts);
        log.warn({ alerts }, 'Alertmanager left alerts out: raise max_alerts of its webhook');
      },
    },
    breakers: () => watch.states(),
    health: async () => ({ replicas: watch.health(), host: await readHost(config.dataDir) }),
    reload,
    guard: roleGuard(token),
    onError: (error) => log.error({ err: error }, 'a request to the detector failed'),
    now: Date.now,
  });
  const onHangup = () => {
    reload({ dropChanges: false }).catch((error: unknown) =>
      log.error({ err: error }, 'reload failed: the thresholds stay'),
    );
  };
  process.on('SIGHUP', onHangup);
  const listener = await listen(api, place);
  const untold = tellCoverage(detector, log);
  if (place.of > 1) {
    const services = config.services.map(({ name }) => name);
    const text =
      services.length === 0 ? 'there is no service for it to watch' : 'watches its share';
    log.info({ shard: `${place.number}/${place.of}`, services }, text);
  }
  const scaled = new ScaledReplicas({
    ...{ config, detector, sourceOf: sources.ofScaled },
    controlOf: ({ supervisor }) =>
      supervisor === undefined ? undefined : actuators.get(supervisor.actuator)?.replicas,
    onProblem: (error) => log.debug({ err: error }, 'a supervisor could not be asked for replicas'),
  });
  scaled.start();
  return {
    async stop() {
      process.off('SIGHUP', onHangup);
      untold();
      await listener.stop();
      await scaled.stop();
      await watch.stop();
      await detector.stop();
      await neighbours.stop();
      await outage.stop();
      monitor.stop();
      for (const actuator of actuators.values()) await actuator.close();
      await temporal.close();
    },
  };
}

/** What of the detector the configuration decides. */
function settingsOf(config: Config) {
  const { detector: settings } = config;
  const file = (name: string) => path.join(config.dataDir, name);
  return {
    thresholds: config.thresholds,
    slos: config.slos,
    thresholdForm: { read: readThresholds, text: thresholdText },
    policy: slaPolicyOf(config),
    sliPolicy: {
      windowMs: () => settings.sliWindow,
      longestWindowMs: Math.max(settings.longestSliWindow, settings.sliWindow),
      minForQuantile: settings.minRequestsForQuantile,
      stallMs: settings.stallAfter,
      rawPeriodMs: settings.scrapeInterval,
    },
    services: config.services.map(({ name }) => name),
    maxConcurrentScrapes: settings.maxConcurrentScrapes,
    retentionMs: settings.retention,
    maxSampleBytes: settings.maxSampleMebibytes * 1024 * 1024,
    files: {
      snapshot: file('detector.snapshot'),
      thresholds: file('thresholds.json'),
      reports: file('reports.json'),
      budgets: file('error-budgets.json'),
    },
    snapshotEveryMs: settings.snapshotEvery,
  };
}
