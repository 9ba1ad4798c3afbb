import path from 'node:path';
import { engineProfiles } from '../engine/profile.js';
import { readStateFile, writeStateFile } from '../base/state-file.js';
import { AdminLog } from './admin-log.js';
import { ActiveFaults } from './active-faults.js';
import type { FleetOptions } from './options.js';
import { logged } from './operations.js';
import { Replica, type ReplicaHost } from './replica.js';
import { Serial } from './serial.js';

/** What survives a restart of the supervisor. */
interface SavedFleet {
  readonly release: string;
  readonly replicas: number;
  readonly generations: Readonly<Record<string, number>>;
}

/** First pause before a crashed engine is started again; doubled with every crash in a row. */
const firstBackoffMs = 1000;
const longestBackoffMs = 10_000;
/** An engine that ran so long has left its earlier crashes behind. */
const provenAfterMs = 15_000;

/** The engines: how many, on which release, and that they are there. */
export class ReplicaSet {
  readonly log: AdminLog;
  /** Scaling and releases, one after another. */
  readonly serial = new Serial();
  readonly faults: ActiveFaults;
  private release: string;
  private wanted: number;
  private readonly generations: Record<string, number>;
  private readonly replicas = new Map<string, Replica>();
  private readonly crashesInARow = new Map<string, number>();
  private readonly stateFile: string;
  private stopping = false;

  constructor(
    private readonly options: FleetOptions,
    setLoad: (setting: Readonly<Record<string, number>>) => void,
  ) {
    this.stateFile = path.join(options.stateDir, 'supervisor-state.json');
    const saved = readStateFile(this.stateFile) as SavedFleet | undefined;
    this.log = new AdminLog(path.join(options.stateDir, 'supervisor-admin.jsonl'));
    this.release = saved?.release ?? 'r1';
    this.wanted = saved?.replicas ?? options.replicas;
    this.generations = { ...saved?.generations };
    this.faults = new ActiveFaults({
      replicaNames: () => this.list().map((replica) => replica.name),
      callReplica: (name, method, params) => void this.find(name)?.call(method, params),
      killReplica: (name) => this.find(name)?.kill(),
      setLoad,
      activeRelease: () => this.release,
      activateRelease: (id, why) => void this.activate(id, `${why}-${id}-${Date.now()}`),
      onCured: (fault) => {
        const target = fault.replica ?? 'fleet';
        this.note('fault-cured', target, null, fault, null);
      },
    });
  }

  /** Replicas by number. */
  list(): readonly Replica[] {
    return [...this.replicas.values()];
  }

  /** A replica by name. */
  find(name: string): Replica | undefined {
    return this.replicas.get(name);
  }

  /** The active release's id. */
  activeRelease(): string {
    return this.release;
  }

  /** How many replicas there should be. */
  wantedReplicas(): number {
    return this.wanted;
  }

  /** Starts all engines at once; rejects with the first reason why one could not start. */
  async startAll(): Promise<void> {
    this.save();
    for (let number = 1; number <= this.wanted; number++) this.create(number);
    const results = await Promise.allSettled(this.list().map((replica) => replica.start()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Stops all engines for good. */
  async stopAll(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.list().map((replica) => replica.stop(1000)));
  }

  /** Brings the number of replicas to `count`: new ones at the end, the highest ones leave. */
  async scaleTo(count: number, operationId: string): Promise<void> {
    const before = { replicas: this.wanted };
    this.wanted = count;
    this.save();
    this.note('scale', 'fleet', operationId, before, { replicas: count });
    const added: Replica[] = [];
    for (let number = 1; number <= count; number++) {
      if (!this.replicas.has(nameOf(number))) added.push(this.create(number));
    }
    const leaving = this.list().filter((replica) => numberOf(replica.name) > count);
    await Promise.all([
      ...added.map((replica) => replica.serial.run(() => replica.start())),
      ...leaving.map((replica) =>
        replica.serial.run(async () => {
          await replica.stop(2000);
          this.replicas.delete(replica.name);
        }),
      ),
    ]);
  }

  /** Puts all engines on a release, one after another. A stopped replica stays stopped. */
  activate(id: string, operationId: string): Promise<void> {
    return this.serial.run(async () => {
      if (this.release === id) return;
      const before = { release: this.release };
      this.release = id;
      this.save();
      this.faults.releaseChanged(id);
      this.note('release', 'fleet', operationId, before, { release: id });
      for (const replica of this.list()) {
        await replica.serial.run(async () => {
          if (replica.view().state === 'stopped') return;
          await replica.call('retire', {});
          await replica.stop(2000);
          // An engine that can't start is started again by the back-off; the others go on.
          await replica.start().catch(() => undefined);
        });
      }
    });
  }

  /** Appends to the admin log. */
  note(
    what: Parameters<AdminLog['append']>[0]['what'],
    target: string,
    operationId: string | null,
    before: unknown,
    after: unknown,
  ): void {
    this.log.append({ what, target, operationId, before, after });
  }

  private create(number: number): Replica {
    const name = nameOf(number);
    const base = this.options.enginePortBase;
    const host: ReplicaHost = {
      startParameters: (replica) => ({
        release: this.release,
        // A seed of its own per replica and life; the same in every run.
        seed: this.options.seed * 10_007 + number * 101 + replica.view().generation,
        devMode: this.options.devMode,
        loadMs: this.options.loadMs,
        faults: this.faults.atStartOf(name),
        diesAfterMs: this.faults.diesAfterMs(name),
      }),
      onFaultCured: (replica, kind) => this.faults.cured(kind, replica.name),
      onStarting: (replica) => {
        this.generations[name] = replica.view().generation;
        this.save();
      },
      onCrash: (replica, how) => this.onCrash(replica, how),
    };
    const replica = new Replica(
      name,
      base === 0 ? 0 : base + number,
      this.generations[name] ?? 0,
      host,
    );
    this.replicas.set(name, replica);
    return replica;
  }

  private onCrash(replica: Replica, how: string): void {
    if (this.stopping) return;
    const view = replica.view();
    this.note(
      'crash',
      replica.name,
      null,
      { ...logged(view), state: 'running' },
      { ...logged(view), how },
    );
    if (!this.options.restartsCrashed) return;
    const aliveMs = Date.now() - (view.startedAtMs ?? 0);
    const inARow = aliveMs > provenAfterMs ? 0 : (this.crashesInARow.get(replica.name) ?? 0);
    this.crashesInARow.set(replica.name, inARow + 1);
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** inARow);
    setTimeout(() => {
      void replica.serial.run(async () => {
        // An operator may have started, stopped or removed it meanwhile.
        if (this.stopping || replica.view().state !== 'crashed') return;
        if (this.find(replica.name) !== replica) return;
        const before = logged(replica.view());
        await replica.start().catch(() => undefined);
        this.note('auto-restart', replica.name, null, before, logged(replica.view()));
      });
    }, backoffMs);
  }

  private save(): void {
    const saved: SavedFleet = {
      release: this.release,
      replicas: this.wanted,
      generations: this.generations,
    };
    writeStateFile(this.stateFile, saved);
  }
}

const nameOf = (number: number): string => `engine-${number}`;
const numberOf = (name: string): number => Number(name.slice('engine-'.length));

/** Releases that can be activated, with a line for people. */
export const releases: readonly { readonly id: string; readonly description: string }[] =
  Object.entries(engineProfiles).map(([id, profile]) => ({
    id,
    description: `step base ${profile.stepBaseMs} ms, error ratio ${profile.errorRatio}`,
  }));
