import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readPidFiles } from '../../src/local-stack/pid-files.js';
import { projectRoot } from '../../src/local-stack/project-root.js';
import type { IncidentDetailJson, IncidentJson } from '../../src/server/incident-json.js';
import { eventually } from './eventually.js';
import { FleetSupervisor } from './fleet-supervisor.js';
import { Gateway } from './gateway.js';
import { freePorts, type StackPorts } from './ports.js';
import { type Section, writeStackConfig } from './stack-config.js';
import { commandOf, markedProcesses, STACK_MARK } from './stack-processes.js';

const PROGRAM = path.join(projectRoot(), 'bin/paramedic');
/** 8 s on an idle machine of two cores. */
const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 60_000;
/** A drill waits for calm before and after it. */
const CLI_WITHIN_MS = 240_000;

/** Variables of whoever runs the tests that would point commands elsewhere. */
const FOREIGN = ['TEMPORAL_ADDRESS', 'TEMPORAL_UI_URL', 'PARAMEDIC_URL', 'PARAMEDIC_CONFIG'];

/** What is merged into the sections of its configuration. */
type Overrides = Readonly<Record<string, Section>>;

/** How a command of the CLI ended. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real `paramedic start` in a folder of its own: Temporal, the fleet, all roles. */
export class Stack {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'paramedic-e2e-'));
  readonly dataDir = path.join(this.folder, 'data');
  readonly configFile = path.join(this.folder, 'stack.yaml');
  readonly gateway: Gateway;
  readonly supervisor: FleetSupervisor;
  /** Variables for all that it starts, and for its commands: tokens. */
  env: Readonly<Record<string, string>> = {};
  private readonly mark = randomUUID();
  private launcher: ChildProcess | undefined;
  private exited: Promise<number | null> = Promise.resolve(null);
  private written = '';
  /** Should the runner end without stopping us, the launcher still ends, and all it started. */
  private readonly atExit = (): void => void this.launcher?.kill('SIGTERM');

  private constructor(
    readonly ports: StackPorts,
    private readonly overrides: Overrides,
  ) {
    this.gateway = new Gateway(ports);
    this.supervisor = new FleetSupervisor(ports);
  }

  /** A stack that is configured, on free ports, but not started. */
  static async prepare(
    given: Overrides | ((ports: StackPorts) => Overrides) = {},
    thresholds?: readonly Section[],
  ): Promise<Stack> {
    const ports = await freePorts();
    const overrides = typeof given === 'function' ? given(ports) : given;
    const stack = new Stack(ports, overrides);
    writeStackConfig(stack.configFile, stack.dataDir, stack.ports, overrides, thresholds);
    return stack;
  }

  /** Has other thresholds judged from now on, as an operator does: in the file, then `reload`. */
  async judge(thresholds: readonly Section[]): Promise<void> {
    writeStackConfig(this.configFile, this.dataDir, this.ports, this.overrides, thresholds);
    const { code, stderr } = await this.cli('reload');
    if (code !== 0) throw new Error(`reload: ${stderr}`);
  }

  /** Everything that `start` has printed. */
  get output(): string {
    return this.written;
  }

  /** Starts it, without waiting. */
  launch(): void {
    const args = [PROGRAM, '--config', this.configFile, 'start'];
    const launcher = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.environment(),
      cwd: this.folder,
    });
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (this.written += chunk));
    }
    this.exited = new Promise((resolve) => launcher.once('close', resolve));
    this.launcher = launcher;
    this.written = '';
    process.on('exit', this.atExit);
  }

  /** Starts it and waits until it says that it is up, and its load has run warm. */
  async start(): Promise<void> {
    this.launch();
    const ended = this.exited.then((code) => {
      throw new Error(`start ended with exit code ${code}\n${this.written}`);
    });
    const up = eventually(
      () => this.written,
      (text) => text.includes('paramedic is up after'),
      { what: 'start', withinMs: READY_WITHIN_MS },
    );
    await Promise.race([up, ended]);
    await eventually(
      () => this.gateway.p95Over(2_000),
      (p95) => p95 < 250,
      { what: 'an undisturbed fleet inside its limit', withinMs: 60_000 },
    );
  }

  /** Its exit code, once it ends by itself. */
  ended(): Promise<number | null> {
    return this.exited;
  }

  /**
   * Stops it as Ctrl-C would; `start` goes on from there.
   *
   * @throws Error naming every process that was left; those are killed.
   */
  async halt(): Promise<number | null> {
    this.launcher?.kill('SIGTERM');
    const timer = setTimeout(() => this.launcher?.kill('SIGKILL'), STOP_WITHIN_MS);
    const code = await this.exited;
    clearTimeout(timer);
    process.off('exit', this.atExit);
    await this.assertNothingLeft();
    return code;
  }

  /** Stops it and removes its folder. Call it however the test ended; throws what `halt` throws. */
  async stop(): Promise<number | null> {
    try {
      return await this.halt();
    } finally {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** The watchdog sees the end of its input a moment after the launcher's own end. */
  private async assertNothingLeft(): Promise<void> {
    try {
      await eventually(
        () => markedProcesses(this.mark).map((pid) => `${pid} ${commandOf(pid)}`),
        (left) => left.length === 0,
        { what: 'no process left', withinMs: 3_000 },
      );
    } catch (error) {
      for (const pid of markedProcesses(this.mark)) process.kill(pid, 'SIGKILL');
      throw error;
    }
  }

  /** kill -9 of every process at once, the launcher and Temporal included; `start` goes on from the files. */
  async killEverything(): Promise<void> {
    for (const pid of markedProcesses(this.mark)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended with its parent.
      }
    }
    await this.exited;
    process.off('exit', this.atExit);
    await this.assertNothingLeft();
  }

  /** How many processes it runs. */
  processCount(): number {
    return markedProcesses(this.mark).length;
  }

  /**
   * Process number of a part, from its pid file.
   *
   * @throws Error where it has none, or one cut short by a full disk: process 0 would be the caller's own group.
   */
  pidOf(part: string): number {
    const found = readPidFiles(this.dataDir).find(({ name }) => name === part);
    if (found === undefined) throw new Error(`${part} has no pid file`);
    return found.pid;
  }

  /** Runs a command of the real CLI against it. */
  cli(...args: readonly string[]): Promise<CliResult> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [PROGRAM, '--config', this.configFile, ...args],
        { env: this.environment(), cwd: this.folder, timeout: CLI_WITHIN_MS },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : Number(error.code ?? -1);
          resolve({ code, stdout, stderr });
        },
      );
    });
  }

  /** Body of a GET of the API. */
  async api(resource: string): Promise<unknown> {
    const token = this.env['PARAMEDIC_TOKEN'];
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const reply = await fetch(`http://127.0.0.1:${this.ports.server}${resource}`, { headers });
    if (!reply.ok) throw new Error(`${resource} answered ${reply.status}: ${await reply.text()}`);
    return reply.json();
  }

  /** Incidents by the API, newest first. */
  async incidents(): Promise<IncidentJson[]> {
    return ((await this.api('/v1/incidents')) as { incidents: IncidentJson[] }).incidents;
  }

  /** One incident with its steps, by the API. */
  async incident(id: string): Promise<IncidentDetailJson> {
    return (await this.api(`/v1/incidents/${encodeURIComponent(id)}`)) as IncidentDetailJson;
  }

  /** Waits for a condition of an incident; the error has the whole story. */
  until(
    id: string,
    what: string,
    accept: (incident: IncidentDetailJson) => boolean,
    withinMs: number,
  ): Promise<IncidentDetailJson> {
    const context = () => this.written;
    return eventually(() => this.incident(id), accept, { what, withinMs, context });
  }

  /** Waits for the incident that is opened after `afterMs` (Unix milliseconds), or for that of an id. */
  async openedAfter(afterMs: number, withinMs: number, id?: string): Promise<IncidentJson> {
    const isNew = (one: IncidentJson) =>
      Date.parse(one.openedAt) >= afterMs && (id === undefined || one.id === id);
    const incidents = await eventually(
      () => this.incidents(),
      (all) => all.some(isNew),
      { what: `a new incident ${id ?? ''}`, withinMs, context: () => this.written },
    );
    // Just seen by the condition above.
    return incidents.find(isNew)!;
  }

  /**
   * What one test leaves behind must not make its second try, or the next test, fail as well: ends
   * faults, aborts what acts, and waits until no incident is open.
   */
  async calm(withinMs = 150_000): Promise<void> {
    await this.cli('fault', 'clear');
    for (const { id, state } of await this.incidents()) {
      if (state !== 'resolved') await this.cli('abort', id, '--by', 'the test');
    }
    await eventually(
      () => this.incidents(),
      (all) => all.every(({ state }) => state === 'resolved'),
      { what: 'no incident left open', withinMs, context: () => this.written },
    );
  }

  private environment(): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = { ...process.env, [STACK_MARK]: this.mark };
    for (const name of FOREIGN) env[name] = '';
    return { ...env, ...this.env };
  }
}
