import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PortBusyError } from '../base/listen.js';
import type { ChildMessage } from '../base/parent-link.js';

/** Lines of output kept for forensics. */
const keptLines = 500;

/** One line of a child's output. */
export interface OutputLine {
  readonly atMs: number;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

/** The last lines of a child's output; it outlives the child, so a crash can be read about. */
export class OutputTail {
  private lines: OutputLine[] = [];

  /** Adds a chunk of output. */
  add(stream: 'stdout' | 'stderr', chunk: string): void {
    const atMs = Date.now();
    for (const line of chunk.split('\n')) {
      if (line !== '') this.lines.push({ atMs, stream, line });
    }
    if (this.lines.length > keptLines) this.lines = this.lines.slice(-keptLines);
  }

  /** The newest `count` lines, oldest first. */
  tail(count: number): readonly OutputLine[] {
    return count <= 0 ? [] : this.lines.slice(-count);
  }
}

/** What the owner of a child wants to hear of. */
export interface ChildListener {
  readonly output: OutputTail;
  readonly onEvent: (name: string, data: unknown) => void;
  /** Once, when the process is gone; `how` is for people. */
  readonly onExit: (how: string) => void;
}

function startError(message: Extract<ChildMessage, { type: 'failed' }>): Error {
  return message.port !== undefined && message.flag !== undefined
    ? new PortBusyError(message.port, message.flag, undefined)
    : new Error(message.message);
}

/** A child process with a channel to it. */
export class Child {
  /** Resolves to what the child told when it was ready; rejects when it ended before. */
  readonly ready: Promise<unknown>;
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly replies = new Map<number, (result: unknown) => void>();
  private lastCall = 0;

  /** `module` is relative to this file's folder; `parameters` are handed over as JSON. */
  constructor(module: string, parameters: unknown, listener: ChildListener) {
    const file = fileURLToPath(new URL(module, import.meta.url));
    this.process = fork(file, [JSON.stringify(parameters)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Small young generations: these processes live off little garbage and much idling.
      execArgv: ['--max-old-space-size=192'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      listener.output.add('stdout', chunk);
    });
    this.process.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      listener.output.add('stderr', chunk);
    });
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        resolve();
        listener.onExit(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`);
      });
    });
    this.ready = new Promise((resolve, reject) => {
      this.process.on('message', (message: ChildMessage) => {
        if (message.type === 'ready') resolve(message.info);
        else if (message.type === 'failed') reject(startError(message));
        else if (message.type === 'event') listener.onEvent(message.name, message.data);
        else this.replies.get(message.id)?.(message.result);
      });
      this.process.once('error', reject);
      void this.exited.then(() => reject(new Error('the process ended before it was ready')));
    });
    // Those who care await it; a child that is stopped while starting must not end the supervisor.
    this.ready.catch(() => undefined);
  }

  /** The process id; 0 when the process could not be started. */
  pid(): number {
    return this.process.pid ?? 0;
  }

  /** Calls a method of the child; undefined when it is gone or ends before it answers. */
  async call(method: string, params: unknown = {}): Promise<unknown> {
    if (!this.process.connected) return undefined;
    this.lastCall += 1;
    const id = this.lastCall;
    const reply = new Promise<unknown>((resolve) => this.replies.set(id, resolve));
    this.process.send({ id, method, params }, () => undefined);
    const result = await Promise.race([reply, this.exited]);
    this.replies.delete(id);
    return result;
  }

  /** SIGTERM, and SIGKILL after `graceMs`; resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.process.kill('SIGTERM');
    const killer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(killer);
  }

  /** SIGKILL at once, as a crash would end it. */
  kill(): void {
    this.process.kill('SIGKILL');
  }
}
