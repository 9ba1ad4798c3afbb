import type { SourceTarget } from '../adapters/sources/source.js';
import type { OnSample } from './on-sample.js';
import type { ScopedMeasure } from './target-reader.js';

interface Engine {
  isUp: boolean;
  isHealthy: boolean | undefined;
  /** Since when it has requests in flight and makes no tokens; undefined while it works or idles. */
  stuckSinceMs: number | undefined;
  isStalled: boolean;
  atMs: number;
}

/**
 * Whether engines are there and work: `up` (scraped), `healthy` (its probe), `stalled` (requests
 * running or waiting, but no token for a while: `/health` of a hung core still answers 200), and
 * `availability`, which is 1 only when all of it is well. For the service, availability is the share
 * of its engines that are available, 0..1.
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
    this.#sample('up', target.replica, atMs, 1);
    this.#sample('stalled', target.replica, atMs, engine.isStalled ? 1 : 0);
    this.#available(target, engine, atMs);
  }

  failed(target: SourceTarget, atMs: number): void {
    if (target.role !== 'engine') {
      this.#sample(`${target.role}_up`, target.replica, atMs, 0);
      return;
    }
    const engine = this.#engine(target);
    engine.isUp = false;
    engine.isStalled = false;
    engine.stuckSinceMs = undefined;
    this.#sample('up', target.replica, atMs, 0);
    this.#available(target, engine, atMs);
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
    const available = engines.filter(isAvailable).length / engines.length;
    const up = engines.filter(({ isUp }) => isUp).length / engines.length;
    const atMs = Math.max(...engines.map((engine) => engine.atMs));
    this.#sample('up', undefined, atMs, up);
    this.#sample('availability', undefined, atMs, available);
  }

  #available(target: SourceTarget, engine: Engine, atMs: number): void {
    engine.atMs = atMs;
    this.#sample('availability', target.replica, atMs, isAvailable(engine) ? 1 : 0);
  }

  #judgeStall(engine: Engine, measures: readonly ScopedMeasure[], atMs: number): void {
    let inFlight = 0;
    let tokens: number | undefined;
    for (const { id, measure } of measures) {
      if (measure.kind === 'level' && (id === 'running' || id === 'waiting')) {
        inFlight += measure.value;
      } else if (measure.kind === 'rate' && (id === 'generated-tokens' || id === 'prompt-tokens')) {
        tokens = (tokens ?? 0) + measure.amount;
      }
    }
    // Without a token counter nothing can be said; with one, its window lies behind us already.
    if (inFlight > 0 && tokens === 0) engine.stuckSinceMs ??= atMs;
    else engine.stuckSinceMs = undefined;
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

function isAvailable({ isUp, isHealthy, isStalled }: Engine): boolean {
  return isUp && isHealthy !== false && !isStalled;
}
