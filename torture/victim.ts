import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Stack } from '../test/e2e/stack.js';
import type { Link } from './schedule.js';
import { TcpProxy } from './tcp-proxy.js';

/** Room for Temporal's database and the logs of an hour; small enough to be filled in a moment. */
const DISK = 'size=1g';
/** One for each kind of procedure: a fault then opens several incidents that want the same replica. */
const THRESHOLDS = [
  { metric: 'request_latency_p95', target: 200, tolerance: '25%', window: '12s' },
  { metric: 'error_rate_percent', target: 1, tolerance: '100%', window: '12s' },
  { name: 'replica_availability', metric: 'up', target: 1, tolerance: '50%', window: '12s' },
  { metric: 'kv_cache_usage_percent', target: 60, tolerance: '10%', window: '12s' },
];
const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
];

/** A whole stack to be beaten: on a disk of its own, with a clock of its own, behind links of its own. */
export class Victim {
  readonly #proxies = new Map<Link, readonly TcpProxy[]>();
  /** What this machine can't do to it, in words: said at the start, never silently left out. */
  readonly missing: string[] = [];
  readonly #clockFile: string;
  #isMounted = false;
  #offsetMs = 0;

  private constructor(readonly stack: Stack) {
    this.#clockFile = path.join(stack.folder, 'clock');
  }

  static async start(): Promise<Victim> {
    const stack = await Stack.prepare(
      {
        detector: { stallAfter: '4s' },
        recovery: {
          // Faults come one after the other, for as long as it takes: the hour's budget is not for that.
          maxPerHour: 1_000,
          verification: { hold: '4s', timeout: '30s' },
          // Nobody answers here but now and then an operator's order: a release is rolled back then.
          approval: { timeout: '15s', onTimeout: 'approve' },
        },
        push: { incidentTtl: '20s' },
      },
      THRESHOLDS,
    );
    const victim = new Victim(stack);
    process.on('exit', victim.#clean);
    await victim.#standBetween();
    victim.#ownDisk();
    victim.#ownClock();
    await stack.start();
    return victim;
  }

  get canFillDisk(): boolean {
    return this.#isMounted;
  }

  get canStepClock(): boolean {
    return existsSync(this.#clockFile);
  }

  setLink(link: Link, state: TcpProxy['state']): void {
    for (const proxy of this.#proxies.get(link) ?? []) proxy.set(state);
  }

  /** Steps the clock of all processes but Temporal's; they agree among each other. */
  stepClock(byMs: number): void {
    this.#offsetMs += byMs;
    writeFileSync(this.#clockFile, `${this.#offsetMs >= 0 ? '+' : ''}${this.#offsetMs / 1000}s\n`);
    utimesSync(this.#clockFile, new Date(), new Date());
  }

  /** Takes all that is left of the disk; returns how to give it back. */
  fillDisk(): () => void {
    const filler = path.join(this.stack.dataDir, 'filler');
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M'], { stdio: 'ignore' });
    } catch {
      // It ends with "no space left on device": that is what it is for.
    }
    return () => rmSync(filler, { force: true });
  }

  /** Copies what it wrote into a folder, for whoever has to find out what happened. */
  keep(folder: string): void {
    cpSync(this.stack.dataDir, folder, { recursive: true, dereference: true });
    writeFileSync(path.join(folder, 'start.log'), this.stack.output);
  }

  /** Ends it and its disk; what it wrote must have been read before. */
  async stop(): Promise<void> {
    for (const proxies of this.#proxies.values()) for (const proxy of proxies) await proxy.close();
    delete process.env['LD_PRELOAD'];
    process.off('exit', this.#clean);
    this.#clean();
  }

  readonly #clean = (): void => {
    if (this.#isMounted) execFileSync('umount', ['-l', this.stack.dataDir]);
    this.#isMounted = false;
    rmSync(this.stack.folder, { recursive: true, force: true, maxRetries: 5 });
  };

  /** Puts a proxy in front of everything that paramedic reads or acts on. */
  async #standBetween(): Promise<void> {
    const { ports, configFile } = this.stack;
    const links: readonly (readonly [Link, readonly number[]])[] = [
      ['engines', [1, 2, 3].map((n) => ports.engineBase + n)],
      ['gateway-metrics', [ports.gateway]],
      ['runtime', [ports.runtime]],
      ['supervisor', [ports.supervisor]],
    ];
    let text = readFileSync(configFile, 'utf8');
    for (const [link, targets] of links) {
      const proxies = await Promise.all(targets.map((target) => TcpProxy.to(target)));
      targets.forEach((target, index) => {
        text = text.replaceAll(
          `127.0.0.1:${target}`,
          `127.0.0.1:${proxies[index]?.port ?? target}`,
        );
      });
      this.#proxies.set(link, proxies);
    }
    writeFileSync(configFile, text);
  }

  /** A disk that can be full without harm to others. The fleet, whose logs are evidence, is not on it. */
  #ownDisk(): void {
    const { dataDir, folder } = this.stack;
    const fleet = path.join(folder, 'fleet');
    mkdirSync(fleet);
    mkdirSync(dataDir, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', dataDir], { stdio: 'pipe' });
      this.#isMounted = true;
    } catch {
      this.missing.push('a full disk: this needs the right to mount');
    }
    symlinkSync(fleet, path.join(dataDir, 'fleet'));
  }

  #ownClock(): void {
    const library = FAKETIME.find((file) => existsSync(file));
    if (library === undefined) {
      this.missing.push('a clock step: this needs libfaketime (Debian: faketime)');
      return;
    }
    this.stepClock(0);
    process.env['LD_PRELOAD'] = library;
    process.env['FAKETIME_TIMESTAMP_FILE'] = this.#clockFile;
    process.env['FAKETIME_CACHE_DURATION'] = '1';
    // Timers and timeouts go by the monotonic clock, which never steps.
    process.env['FAKETIME_DONT_FAKE_MONOTONIC'] = '1';
  }
}
