import type { Random } from '../base/random.js';
import { Batching, type BatchRequest } from './batching.js';
import type { EngineFault, EngineFaultKind } from './fault.js';
import { EngineMetrics, type EngineGauges } from './metrics.js';
import { unthrottled, type EngineProfile } from './profile.js';

/** Instants in milliseconds from the process' start: immune to changes of the wall clock. */
const now = (): number => performance.now();

/**
 * One engine: the batch, its faults and its administrative state, driven by at most one timer.
 * The timer exists only while there is work, so that an idle engine costs nothing.
 */
export class Engine {
  readonly metrics: EngineMetrics;
  readonly loras = new Set<string>();
  private readonly batching: Batching;
  private readonly faults = new Map<EngineFaultKind, EngineFault>();
  private timer: NodeJS.Timeout | undefined;
  private sleeping = false;
  private paused = false;

  constructor(
    readonly modelName: string,
    private readonly profile: EngineProfile,
    private readonly random: Random,
    private readonly onFaultCured: (kind: EngineFaultKind) => void,
  ) {
    this.metrics = new EngineMetrics(modelName);
    this.batching = new Batching(profile, this.metrics);
  }

  /** Queues a completion; returns the way to abort it. */
  submit(request: BatchRequest): () => void {
    const sequence = this.batching.submit(
      {
        ...request,
        finish: (result) => {
          this.metrics.recordFinished(result);
          request.finish(result);
        },
      },
      now(),
    );
    this.reschedule();
    return () => {
      this.batching.abort(sequence, now());
      this.reschedule();
    };
  }

  /** Whether this completion falls to a broken kernel; draws from the seed. */
  drawsError(): boolean {
    const fault = this.faults.get('erroring-replica');
    const share = fault?.kind === 'erroring-replica' ? fault.share : 0;
    const ratio = Math.max(share, this.profile.errorRatio);
    return ratio > 0 && this.random.unit() < ratio;
  }

  /** An injected fault by kind. */
  fault<Kind extends EngineFaultKind>(
    kind: Kind,
  ): Extract<EngineFault, { kind: Kind }> | undefined {
    return this.faults.get(kind) as Extract<EngineFault, { kind: Kind }> | undefined;
  }

  /** Injects a fault, or replaces the parameters of one that is active. */
  inject(fault: EngineFault): void {
    this.batching.advance(now());
    this.faults.set(fault.kind, fault);
    if (fault.kind === 'stale-cache') this.batching.cache.spoil();
    this.applyFaults();
  }

  /** Takes a fault away. Blocks already leaked stay leaked; an index stays spoilt only by its fault. */
  clear(kind: EngineFaultKind): void {
    this.batching.advance(now());
    if (!this.faults.delete(kind)) return;
    if (kind === 'stale-cache') this.batching.cache.unspoil();
    this.applyFaults();
  }

  /** Resets the prefix cache; whether anything was reset is for the hit rate to tell. */
  resetPrefixCache(): void {
    this.batching.advance(now());
    const wasReset = this.batching.cache.reset();
    if (wasReset && this.faults.delete('stale-cache')) {
      this.applyFaults();
      this.onFaultCured('stale-cache');
    }
    this.reschedule();
  }

  /** Aborts what runs and stops stepping until `wake`. */
  sleep(): void {
    this.batching.abortAll(now());
    this.sleeping = true;
    this.applyFaults();
  }

  /** Ends `sleep`. */
  wake(): void {
    this.sleeping = false;
    this.applyFaults();
  }

  /** Stops stepping; `abort` ends what runs first, the other modes keep it. */
  pause(mode: string): void {
    if (mode === 'abort') this.batching.abortAll(now());
    this.paused = true;
    this.applyFaults();
  }

  /** Ends `pause`. */
  resume(): void {
    this.paused = false;
    this.applyFaults();
  }

  /** Whether `sleep` holds. */
  isSleeping(): boolean {
    return this.sleeping;
  }

  /** Whether `pause` holds. */
  isPaused(): boolean {
    return this.paused;
  }

  /** Requests running and waiting. */
  load(): number {
    return this.batching.runningCount() + this.batching.waitingCount();
  }

  /** Ends every request, as an engine does on SIGTERM. */
  abortAll(): void {
    this.batching.abortAll(now());
  }

  /** The present moment, all steps up to now included. */
  gauges(): EngineGauges {
    this.batching.advance(now());
    this.reschedule();
    const running = this.batching.runningCount();
    const waiting = this.batching.waitingCount();
    return {
      running,
      waiting,
      waitingForCapacity: running < this.profile.maxNumSeqs ? waiting : 0,
      kvUsageRatio: this.batching.cache.usageRatio(),
      kvBlocks: this.profile.kvBlocks,
      isSleeping: this.sleeping,
      loras: [...this.loras],
    };
  }

  private applyFaults(): void {
    const slow = this.fault('slow-replica');
    const everywhere = this.fault('no-cure');
    this.batching.throttle = {
      baseFactor: (slow?.baseFactor ?? 1) * (everywhere?.baseFactor ?? 1),
      sequenceFactor: slow?.sequenceFactor ?? unthrottled.sequenceFactor,
    };
    this.batching.leakBlocks = this.fault('kv-leak')?.blocksPerRequest ?? 0;
    this.batching.stalePrefillFactor = this.fault('stale-cache')?.prefillFactor ?? 1;
    const frozen = this.sleeping || this.paused || this.faults.has('hung-core');
    this.batching.setFrozen(frozen, now());
    this.reschedule();
  }

  private reschedule(): void {
    clearTimeout(this.timer);
    const wakeAtMs = this.batching.nextWakeAtMs();
    if (wakeAtMs === undefined) return;
    this.timer = setTimeout(
      () => {
        this.batching.advance(now());
        this.reschedule();
      },
      Math.max(0, wakeAtMs - now()),
    );
  }
}
