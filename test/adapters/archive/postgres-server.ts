import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from '../../../src/adapters/temporal/port.js';

/** Debian's place for the server's programs. */
const BASE = '/usr/lib/postgresql';

/** Where `initdb` and `postgres` are, or undefined where they are not installed. */
export const postgresBin: string | undefined = (existsSync(BASE) ? readdirSync(BASE) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => path.join(BASE, version, 'bin'))
  .find((bin) => existsSync(path.join(bin, 'postgres')));

/** A real server on loopback with a password, data in a folder of its own. */
export class PostgresServer {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'archive-postgres-'));
  #process: ChildProcess | undefined;
  readonly user = 'paramedic';
  readonly password = 'hunter2';
  #port = 0;

  private constructor(private readonly bin: string) {}

  /** Makes a cluster and starts it. */
  static async start(bin: string): Promise<PostgresServer> {
    const server = new PostgresServer(bin);
    try {
      server.#initialise();
      server.#port = await findFreePort();
      await server.run();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  url(over: { user?: string; password?: string; database?: string } = {}): string {
    const { user = this.user, password = this.password, database = 'postgres' } = over;
    return `postgres://${user}:${password}@127.0.0.1:${this.#port}/${database}`;
  }

  #initialise(): void {
    const secret = path.join(this.#folder, 'secret');
    writeFileSync(secret, this.password);
    const { uid, gid } = this.#owner();
    if (uid !== undefined && gid !== undefined) {
      chownSync(this.#folder, uid, gid);
      chownSync(secret, uid, gid);
    }
    const args = ['-D', this.#data, '-U', this.user, '--pwfile', secret, '-A', 'scram-sha-256'];
    const made = spawnSync(path.join(this.bin, 'initdb'), [...args, '--no-sync'], {
      uid,
      gid,
      cwd: this.#folder,
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  }

  /** Starts the server on its data, and waits until it answers. */
  async run(): Promise<void> {
    const args = [
      '-D',
      this.#data,
      '-h',
      '127.0.0.1',
      '-p',
      String(this.#port),
      '-k',
      this.#folder,
    ];
    this.#process = spawn(path.join(this.bin, 'postgres'), args, {
      ...this.#owner(),
      cwd: this.#folder,
      stdio: 'ignore',
    });
    const untilMs = Date.now() + 30_000;
    for (;;) {
      const client = new pg.Client(this.url());
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (Date.now() > untilMs) throw error;
        await sleep(50);
      }
    }
  }

  /** Ends the server at once, as a crash would: SIGQUIT leaves no checkpoint, and no orphan behind. */
  async crash(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  /** Ends the server and deletes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    running.kill(signal);
    await exited;
  }

  get #data(): string {
    return path.join(this.#folder, 'data');
  }

  /** The server refuses to run as root: then it is Debian's user for it. */
  #owner(): { uid?: number; gid?: number } {
    if (process.getuid?.() !== 0) return {};
    const idOf = (flag: string) =>
      Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
    return { uid: idOf('-u'), gid: idOf('-g') };
  }
}
