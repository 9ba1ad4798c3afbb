import type { Server } from 'node:http';
import { createHttpService } from '../base/http-service.js';
import { listenOnLoopback } from '../base/listen.js';
import { runChild, serveParent, startParameters, tellParent } from '../base/parent-link.js';
import { seededRandom } from '../base/random.js';
import { Engine } from './engine.js';
import type { EngineFault, EngineFaultKind } from './fault.js';
import { engineApi } from './http-api.js';
import { engineProfiles } from './profile.js';

/** How the supervisor starts an engine. */
export interface EngineStart {
  readonly name: string;
  readonly port: number;
  readonly release: string;
  readonly seed: number;
  readonly devMode: boolean;
  /** Time for loading weights before it listens, milliseconds. */
  readonly loadMs: number;
  readonly faults: readonly EngineFault[];
  /** Exits with code 1 so long after being ready; the crash-loop fault. */
  readonly diesAfterMs: number | undefined;
}

/** What an engine tells of itself, once a second; the host's metrics are made of it. */
export interface EngineVitals {
  /** 0 to 100. */
  readonly gpuPercent: number;
  /** 0 to 1. */
  readonly kvUsageRatio: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Whether power or heat holds the clock down. */
  readonly isThrottled: boolean;
}

const vitalsEveryMs = 1000;

function reportVitals(engine: Engine): void {
  let busyBeforeMs = engine.metrics.busyTotalMs();
  let atMs = performance.now();
  setInterval(() => {
    const gauges = engine.gauges();
    const busyMs = engine.metrics.busyTotalMs();
    const elapsedMs = performance.now() - atMs;
    const cpu = process.cpuUsage();
    // A hung core spins in a collective that never returns: the GPU reads fully used.
    const isHung = engine.fault('hung-core') !== undefined && gauges.running > 0;
    const vitals: EngineVitals = {
      gpuPercent: isHung ? 100 : Math.min(100, (100 * (busyMs - busyBeforeMs)) / elapsedMs),
      kvUsageRatio: gauges.kvUsageRatio,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      rssBytes: process.memoryUsage.rss(),
      isThrottled: engine.fault('slow-replica') !== undefined,
    };
    busyBeforeMs = busyMs;
    atMs = performance.now();
    tellParent({ type: 'event', name: 'vitals', data: vitals });
  }, vitalsEveryMs);
}

/** Longest wait for requests in flight when the engine retires, milliseconds. */
const retireForMs = 3000;

/** Takes no new connections and resolves when nothing is in flight, or after a while. */
async function retire(engine: Engine, server: Server): Promise<void> {
  server.close();
  const deadlineMs = performance.now() + retireForMs;
  do {
    server.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (engine.load() > 0 && performance.now() < deadlineMs);
}

async function start(): Promise<{ port: number }> {
  const parameters = startParameters() as EngineStart;
  process.title = `fleet ${parameters.name}`;
  const profile = engineProfiles[parameters.release];
  if (profile === undefined) throw new Error(`release "${parameters.release}" does not exist`);
  const engine = new Engine(
    'deep-tree-echo',
    profile,
    seededRandom(parameters.seed),
    (kind: EngineFaultKind) => tellParent({ type: 'event', name: 'fault-cured', data: kind }),
  );
  for (const fault of parameters.faults) engine.inject(fault);
  const { release, devMode } = parameters;
  const server = createHttpService(
    engineApi(engine, { release, devMode, startedAtMs: Date.now() }),
  );
  serveParent({
    inject: (fault: EngineFault) => engine.inject(fault),
    clear: (kind: EngineFaultKind) => engine.clear(kind),
    retire: () => retire(engine, server),
  });
  await new Promise((resolve) => setTimeout(resolve, parameters.loadMs));
  const port = await listenOnLoopback(server, parameters.port, '--engine-port-base');
  process.on('SIGTERM', () => {
    process.stdout.write(`shutting down, aborting ${engine.load()} requests\n`);
    engine.abortAll();
    // The aborted requests' answers leave before the process does.
    setTimeout(() => process.exit(0), 20);
  });
  reportVitals(engine);
  process.stdout.write(`release ${release} serves on 127.0.0.1:${port}\n`);
  if (parameters.diesAfterMs !== undefined) {
    setTimeout(() => {
      process.stderr.write('RuntimeError: CUDA error: uncorrectable ECC error encountered\n');
      process.exit(1);
    }, parameters.diesAfterMs);
  }
  return { port };
}

runChild(start);
