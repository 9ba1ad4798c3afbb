import type { Pool } from 'undici';
import type { Random } from '../base/random.js';
import type { Measurements } from './measurements.js';
import type { WorkItem } from './workload.js';

/**
 * Open-loop Poisson arrivals: the next request comes when it comes, however slow the answers
 * are. Only the number of open requests is bounded, as by clients' connection pools; an arrival
 * beyond it is counted as not sent, so that an overload has a worst case.
 */
export class ArrivalStream {
  private ratePerSecond = 0;
  private timer: NodeJS.Timeout | undefined;
  private nextAtMs = 0;
  private open = 0;
  private dropped = 0;

  constructor(
    private readonly pool: Pool,
    private readonly random: Random,
    private readonly maxOpen: number,
    private readonly next: () => WorkItem,
    private readonly measurements: Measurements | undefined,
  ) {}

  /** Requests in flight. */
  inFlight(): number {
    return this.open;
  }

  /** Arrivals that found all connections taken. */
  notSent(): number {
    return this.dropped;
  }

  /** Changes the rate, requests per second; 0 stops the stream. */
  setRate(ratePerSecond: number): void {
    if (ratePerSecond === this.ratePerSecond) return;
    this.ratePerSecond = ratePerSecond;
    clearTimeout(this.timer);
    this.nextAtMs = performance.now();
    this.schedule();
  }

  private schedule(): void {
    if (this.ratePerSecond <= 0) return;
    this.nextAtMs += this.random.exponential(1000 / this.ratePerSecond);
    // A process that was stopped does not make up for the arrivals it missed.
    this.nextAtMs = Math.max(this.nextAtMs, performance.now() - 100);
    this.timer = setTimeout(
      () => {
        this.schedule();
        this.arrive();
      },
      Math.max(0, this.nextAtMs - performance.now()),
    );
  }

  private arrive(): void {
    const item = this.next();
    if (this.open >= this.maxOpen) {
      this.dropped += 1;
      return;
    }
    this.open += 1;
    const startedAtMs = performance.now();
    let status = 0;
    const settle = (isError: boolean): void => {
      this.open -= 1;
      const nowMs = performance.now();
      this.measurements?.record(nowMs, nowMs - startedAtMs, isError);
    };
    this.pool.dispatch(
      {
        path: '/v1/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-tenant': item.tenant },
        body: JSON.stringify({
          model: 'deep-tree-echo',
          prompt: item.prompt,
          max_tokens: item.maxTokens,
          user: item.tenant,
        }),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
        },
        onResponseData: () => undefined,
        onResponseEnd: () => settle(status >= 400),
        onResponseError: () => settle(true),
      },
    );
  }
}
