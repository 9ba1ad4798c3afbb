import path from 'node:path';
import { fleetAddresses, startFleet } from './fleet-process.js';
import { openPartLog, type PartLog } from './part-log.js';
import type { ProcessRegister } from './process-register.js';
import { startRole, type Role } from './role-process.js';
import type { RunningProcess, StartHooks } from './running-process.js';
import type { StartSettings } from './start-settings.js';
import { eventWords, Supervisor } from './supervisor.js';
import { findTemporal, prepareExisting, startTemporal } from './temporal-part.js';
import type { Terminal } from './terminal.js';

/** Bounds on each part's orderly end; a worker waits for its activities to stop. */
const STOP_WITHIN_MS = 8_000;
const NAME_WIDTH = 10;

type Start = (hooks: StartHooks, onLine: (line: string) => void) => Promise<RunningProcess>;

/** Temporal, the fleet and the roles of paramedic on this machine, each in a process of its own. */
export class LocalStack {
  private readonly supervisors: Supervisor[] = [];
  private readonly logs: PartLog[] = [];
  private readonly abort = new AbortController();
  private starting: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: StartSettings,
    private readonly register: ProcessRegister,
    private readonly terminal: Terminal,
  ) {}

  /**
   * Starts all parts in order, a line of progress each.
   *
   * @throws Error naming the part that failed; call `stop` then, for those that are up.
   */
  start(): Promise<void> {
    this.starting = this.startAll();
    return this.starting;
  }

  /** Stops all parts, last started first; safe at any time, also in the middle of a start. */
  async stop(): Promise<void> {
    this.abort.abort();
    for (const supervisor of this.supervisors.toReversed()) await supervisor.stop();
    // Its failure was told to whoever started it; here only its end matters.
    await this.starting.catch(() => undefined);
    for (const log of this.logs) log.close();
  }

  private async startAll(): Promise<void> {
    await this.startTemporal();
    const { fleet, dataDir } = this.settings;
    if (fleet !== undefined) {
      const stateDir = path.join(dataDir, 'fleet');
      await this.part('fleet', fleetAddresses(fleet), (hooks, onLine) =>
        startFleet(fleet, stateDir, onLine, hooks),
      );
    }
    // Who acts, then who reports, then who shows.
    await this.role('worker', 'worker', 'workflows and actions');
    for (const { name, number, of, ...address } of this.settings.detectors) {
      const args = of === 1 ? [] : ['--shard', `${number}/${of}`];
      await this.role('detector', name, hostPort(address), args);
    }
    await this.role('server', 'server', hostPort(this.settings.server));
  }

  private role(role: Role, name: string, words: string, args: readonly string[] = []) {
    return this.part(name, words, (hooks, onLine) =>
      startRole(role, args, this.settings, onLine, hooks),
    );
  }

  private async startTemporal(): Promise<void> {
    const { temporal } = this.settings;
    const { signal } = this.abort;
    if (temporal.kind === 'existing') {
      const { address } = temporal.target;
      await this.step('temporal', async () => {
        await prepareExisting(temporal, this.settings, signal);
        return `existing server at ${address}, namespace ${temporal.namespace}`;
      });
      return;
    }
    const { binary } = await this.step('program', async () => {
      const found = await findTemporal(temporal, (words) => this.terminal.busy(words), signal);
      for (const warning of found.warnings) this.terminal.line(`    passed over: ${warning}`);
      return found;
    });
    await this.part('temporal', `127.0.0.1:${temporal.port}`, (hooks, onLine) =>
      startTemporal(temporal, binary, this.settings, onLine, hooks),
    );
  }

  /** Starts a part and keeps it running from then on. */
  private async part(name: string, words: string, start: Start): Promise<void> {
    this.abort.signal.throwIfAborted();
    const log = openPartLog(this.settings, name, this.terminal);
    this.logs.push(log);
    const supervisor = new Supervisor({
      name,
      stopWithinMs: STOP_WITHIN_MS,
      start: (hooks) => start(hooks, log.onLine),
      onEvent: (event) => {
        if (event.kind === 'spawned') this.register.spawned(name, event.pid);
        if (event.kind === 'ended') this.register.ended(name, event.pid);
        const text = eventWords(name, event);
        if (text !== undefined) this.terminal.line(this.terminal.paint('yellow', text));
      },
    });
    this.supervisors.push(supervisor);
    await this.step(name, async () => {
      const { pid } = await supervisor.start();
      return `${words} (process ${pid})`;
    });
  }

  /** Shows what is being done, then what was done and how long it took. */
  private async step<Result extends string | { readonly words: string }>(
    name: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const startedAtMs = Date.now();
    this.terminal.busy(`${name.padEnd(NAME_WIDTH)} starting`);
    try {
      const result = await work();
      const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
      const words = typeof result === 'string' ? result : result.words;
      this.terminal.idle();
      const mark = this.terminal.paint('green', '✓');
      this.terminal.line(`  ${mark} ${name.padEnd(NAME_WIDTH)} ${words}  ${seconds} s`);
      return result;
    } catch (error) {
      this.terminal.idle();
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  }
}

function hostPort({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}
