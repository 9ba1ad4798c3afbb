import type { EngineFault } from '../engine/fault.js';
import type { EngineStart, EngineVitals } from '../engine/process.js';
import { Child, OutputTail } from './child.js';
import { Serial } from './serial.js';

/** Where a replica is in its life. */
export type ReplicaState = 'starting' | 'running' | 'stopped' | 'crashed';

/** A replica as the admin API shows it. */
export interface ReplicaView {
  readonly name: string;
  readonly url: string;
  /** `127.0.0.1:<port>`, as the gateway's `add server` wants it. */
  readonly address: string;
  /** 0 while no process exists. */
  readonly pid: number;
  readonly state: ReplicaState;
  readonly release: string;
  /** Grows with every start and never goes back, across the supervisor's restarts too. */
  readonly generation: number;
  /** Undefined before the first start. */
  readonly startedAtMs: number | undefined;
}

/** What a replica needs from its supervisor. */
export interface ReplicaHost {
  /** Parameters of the next start. */
  readonly startParameters: (
    replica: Replica,
  ) => Pick<EngineStart, 'release' | 'seed' | 'devMode' | 'loadMs' | 'faults' | 'diesAfterMs'>;
  readonly onFaultCured: (replica: Replica, kind: EngineFault['kind']) => void;
  /** Persists the generations; called before the new process exists. */
  readonly onStarting: (replica: Replica) => void;
  /** The process ended without being asked to; `how` is for people. */
  readonly onCrash: (replica: Replica, how: string) => void;
}

/** One engine process over all its lives. Not safe for overlapping calls: use its `serial`. */
export class Replica {
  readonly serial = new Serial();
  readonly output = new OutputTail();
  vitals: EngineVitals | undefined;
  private child: Child | undefined;
  private state: ReplicaState = 'stopped';
  private release = '';
  private startedAtMs: number | undefined;

  constructor(
    readonly name: string,
    /** 0 until the first start, if the system is to pick it; kept from then on. */
    private port: number,
    private generation: number,
    private readonly host: ReplicaHost,
  ) {}

  /** As the admin API shows it. */
  view(): ReplicaView {
    return {
      name: this.name,
      url: `http://127.0.0.1:${this.port}`,
      address: `127.0.0.1:${this.port}`,
      pid: this.child?.pid() ?? 0,
      state: this.state,
      release: this.release,
      generation: this.generation,
      startedAtMs: this.startedAtMs,
    };
  }

  /** The port that it listens on; 0 before the first start. */
  boundPort(): number {
    return this.port;
  }

  /** Starts a process unless there is one; rejects when it ends before it is ready. */
  async start(): Promise<void> {
    if (this.child !== undefined) return;
    this.generation += 1;
    this.host.onStarting(this);
    const parameters = this.host.startParameters(this);
    this.release = parameters.release;
    this.state = 'starting';
    this.startedAtMs = Date.now();
    const start: EngineStart = { name: this.name, port: this.port, ...parameters };
    const child = new Child('../engine/process.js', start, {
      output: this.output,
      onEvent: (name, data) => this.onEvent(name, data),
      onExit: (how) => this.onExit(child, how),
    });
    this.child = child;
    const { port } = (await child.ready) as { port: number };
    this.port = port;
    // It may have ended between being ready and here.
    if (this.child === child) this.state = 'running';
  }

  /** Ends the process: SIGTERM, after `graceMs` SIGKILL. */
  async stop(graceMs: number): Promise<void> {
    const child = this.child;
    // Forgotten first, so that its end is not taken for a crash.
    this.child = undefined;
    this.vitals = undefined;
    this.state = 'stopped';
    if (child !== undefined) await child.stop(graceMs);
  }

  /** Ends the process as a crash would. */
  kill(): void {
    this.child?.kill();
  }

  /** Calls the engine process; undefined when there is none. */
  async call(method: string, params: unknown): Promise<unknown> {
    return this.child?.call(method, params);
  }

  private onEvent(name: string, data: unknown): void {
    if (name === 'vitals') this.vitals = data as EngineVitals;
    if (name === 'fault-cured') this.host.onFaultCured(this, data as EngineFault['kind']);
  }

  private onExit(child: Child, how: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.vitals = undefined;
    this.state = 'crashed';
    this.output.add('stderr', `process ended: ${how}`);
    this.host.onCrash(this, how);
  }
}
