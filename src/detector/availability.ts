import type { SourceTarget } from '../adapters/sources/source.js';
import { AVAILABILITY_METRIC, availabilityOf } from '../domain/sla/availability.js';
import type { OnSample } from './on-sample.js';
import type { ScopedMeasure } from './target-reader.js';

interface Engine {
  isUp: boolean;
  isHealthy: boolean | undefined;
  /** Since when it has requests in flight; undefined while it idles. */
  busySinceMs: number | undefined;
  /** Since when it is busy and makes no tokens. */
  stuckSinceMs: number | undefined;
  isStalled: boolean;
  atMs: number;
}

/**
 * Whether engines are there and work. Samples of each engine: `scraped`, `healthy` (its probe),
 * `stalled` (requests running or waiting, but no token for a while: `/health` of a hung core still
 * answers 200), and `up`, which is 1 only when all of it is well. The service's `up` is the share of
 * its engines that are up, 0..1.
 */
export class Availability {
  readonly #engines = new Map<string, Engine>();

  constructor(
    private readonly service: string,
    private readonly stallMs: number,
    private readonly onSample: OnSample,
  ) {}

  scraped(target: SourceTarget, measures: readonly ScopedMeasure[], atMs: number): void {
    if (target.role !== 'engine') {
      this.#sample(`${target.role}_up`, target.replica, atMs, 1);
      return;
    }
    const engine = this.#engine(target);
    engine.isUp = true;
    this.#judgeStall(engine, measures, atMs);
    this.#sample('scraped', target.replica, atMs, 1);
    this.#sample('stalled', target.replica, atMs, engine.isStalled ? 1 : 0);
    this.#judged(target, engine, atMs);
  }

  failed(target: SourceTarget, atMs: number): void {
    if (target.role !== 'engine') {
      this.#sample(`${target.role}_up`, target.replica, atMs, 0);
      return;
    }
    const engine = this.#engine(target);
    engine.isUp = false;
    engine.isStalled = false;
    engine.busySinceMs = undefined;
    engine.stuckSinceMs = undefined;
    this.#sample('scraped', target.replica, atMs, 0);
    this.#judged(target, engine, atMs);
  }

  probed(target: SourceTarget, isHealthy: boolean, atMs: number): void {
    if (target.role === 'engine') this.#engine(target).isHealthy = isHealthy;
    this.#sample('healthy', target.replica, atMs, isHealthy ? 1 : 0);
  }

  forget(target: SourceTarget): void {
    this.#engines.delete(target.replica ?? target.id);
  }

  /** Says how much of the service is available, once all its engines were asked. */
  closeRound(): void {
    const engines = [...this.#engines.values()].filter(({ atMs }) => atMs > 0);
    if (engines.length === 0) return;
    const share = engines.reduce((sum, engine) => sum + upOf(engine), 0) / engines.length;
    const atMs = Math.max(...engines.map((engine) => engine.atMs));
    this.#sample(AVAILABILITY_METRIC, undefined, atMs, share);
  }

  #judged(target: SourceTarget, engine: Engine, atMs: number): void {
    engine.atMs = atMs;
    this.#sample(AVAILABILITY_METRIC, target.replica, atMs, upOf(engine));
  }

  #judgeStall(engine: Engine, measures: readonly ScopedMeasure[], atMs: number): void {
    let inFlight = 0;
    let tokens: number | undefined;
    let windowMs = 0;
    for (const { id, measure } of measures) {
      if (measure.kind === 'level' && (id === 'running' || id === 'waiting')) {
        inFlight += measure.value;
      } else if (measure.kind === 'rate' && (id === 'generated-tokens' || id === 'prompt-tokens')) {
        tokens = (tokens ?? 0) + measure.amount;
        windowMs = measure.windowMs;
      }
    }
    engine.busySinceMs = inFlight > 0 ? (engine.busySinceMs ?? atMs) : undefined;
    // Without a token counter nothing can be said; with one, no token was made in its whole window.
    if (engine.busySinceMs === undefined || tokens !== 0) engine.stuckSinceMs = undefined;
    else engine.stuckSinceMs ??= Math.max(engine.busySinceMs, atMs - windowMs);
    engine.isStalled =
      engine.stuckSinceMs !== undefined && atMs - engine.stuckSinceMs >= this.stallMs;
  }

  #engine(target: SourceTarget): Engine {
    const key = target.replica ?? target.id;
    let engine = this.#engines.get(key);
    if (engine === undefined) {
      engine = {
        isUp: false,
        isHealthy: undefined,
        busySinceMs: undefined,
        stuckSinceMs: undefined,
        isStalled: false,
        atMs: 0,
      };
      this.#engines.set(key, engine);
    }
    return engine;
  }

  #sample(metric: string, replica: string | undefined, atMs: number, value: number): void {
    this.onSample({ metric, service: this.service, replica, atMs, value });
  }
}

function upOf({ isUp, isHealthy, isStalled }: Engine): number {
  return availabilityOf({ isScraped: isUp, isHealthy, isHung: isStalled });
}
