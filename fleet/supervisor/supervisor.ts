import { mkdirSync } from 'node:fs';
import { createHttpService } from '../base/http-service.js';
import { listenOnLoopback } from '../base/listen.js';
import type { GatewayStart } from '../gateway/process.js';
import type { LoadStart } from '../load/process.js';
import { adminApi } from './admin-api.js';
import { Child, OutputTail } from './child.js';
import type { FleetOptions } from './options.js';
import { ReplicaSet } from './replica-set.js';

/** The line that says that the fleet is up. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly gateway: {
    readonly url: string;
    readonly runtime: {
      readonly host: string;
      readonly port: number;
      readonly socket: string | undefined;
    };
  };
  readonly supervisor: { readonly url: string };
  readonly replicas: readonly {
    readonly name: string;
    readonly url: string;
    readonly pid: number;
  }[];
}

/** A running fleet. */
export interface RunningFleet {
  readonly ready: ReadyEvent;
  readonly stop: () => Promise<void>;
}

/** Pause before a gateway or load generator that ended is started again, milliseconds. */
const helperBackoffMs = 300;

/** A process besides the engines, started again whenever it ends. */
class Helper {
  private child: Child | undefined;
  private stopped = false;
  private readonly output = new OutputTail();

  constructor(
    private readonly module: string,
    private readonly parameters: () => unknown,
    private readonly onRestarted: () => void,
  ) {}

  async start(): Promise<unknown> {
    const child = new Child(this.module, this.parameters(), {
      output: this.output,
      onEvent: () => undefined,
      onExit: (how) => {
        if (this.stopped || this.child !== child) return;
        const last = this.output.tail(3).map(({ line }) => line);
        process.stderr.write(
          `${JSON.stringify({ event: 'ended', module: this.module, how, last })}\n`,
        );
        setTimeout(() => this.restart(), helperBackoffMs);
      },
    });
    const info = await child.ready;
    this.child = child;
    return info;
  }

  async call(method: string, params: unknown): Promise<unknown> {
    return this.child?.call(method, params);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.child?.stop(1000);
  }

  private restart(): void {
    if (this.stopped) return;
    this.start().then(
      () => this.onRestarted(),
      () => setTimeout(() => this.restart(), helperBackoffMs),
    );
  }
}

/**
 * Starts the whole fleet: engines, gateway, admin API, load generator, in this order.
 * Rejects with `PortBusyError` or the reason of the first process that could not start,
 * after stopping what was started.
 */
export async function startFleet(options: FleetOptions): Promise<RunningFleet> {
  mkdirSync(options.stateDir, { recursive: true });
  let loadSetting: Record<string, number> = { rps: options.loadRps, factor: 1, noisyRps: 0 };
  const load = new Helper(
    '../load/process.js',
    () => loadStart,
    () => void load.call('set', loadSetting),
  );
  const setLoad = (change: Readonly<Record<string, number>>): Promise<unknown> => {
    const before = loadSetting;
    loadSetting = { ...loadSetting, ...change };
    if (change['rps'] !== undefined) set.note('load', 'fleet', null, before, loadSetting);
    return load.call('set', change);
  };
  const set = new ReplicaSet(options, (change) => void setLoad(change));
  let ports = { port: options.gatewayPort, runtimePort: options.runtimePort };
  const configured = Array.from(
    { length: options.replicas },
    (_unused, index) => `engine-${index + 1}`,
  );
  const gateway = new Helper(
    '../gateway/process.js',
    (): GatewayStart => ({
      ...ports,
      runtimeSocket: options.runtimeSocket,
      stateDir: options.stateDir,
      configured,
      enginePorts: Object.fromEntries(
        set.list().map((replica) => [replica.name, replica.boundPort()]),
      ),
    }),
    () => undefined,
  );
  let loadStart: LoadStart | undefined;
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await load.stop();
    await Promise.all([gateway.stop(), set.stopAll()]);
  };
  const server = createHttpService(
    adminApi({
      set,
      runtimePort: () => ports.runtimePort,
      loadReport: () => load.call('report', {}),
      setLoadRate: (rps) => setLoad({ rps }),
      describe: () => ready(),
    }),
  );
  let supervisorPort = options.supervisorPort;
  const ready = (): ReadyEvent => ({
    event: 'ready',
    gateway: {
      url: `http://127.0.0.1:${ports.port}`,
      runtime: { host: '127.0.0.1', port: ports.runtimePort, socket: options.runtimeSocket },
    },
    supervisor: { url: `http://127.0.0.1:${supervisorPort}` },
    replicas: set.list().map((replica) => {
      const { name, url, pid } = replica.view();
      return { name, url, pid };
    }),
  });
  try {
    supervisorPort = await listenOnLoopback(server, options.supervisorPort, '--supervisor-port');
    await set.startAll();
    ports = (await gateway.start()) as typeof ports;
    if (options.hasLoad) {
      const gatewayUrl = `http://127.0.0.1:${ports.port}`;
      loadStart = { gatewayUrl, rps: options.loadRps, seed: options.seed };
      await load.start();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { ready: ready(), stop };
}
