import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Program: the metrics of any number of replicas, at `/well/…` and `/ill/…`. All that are well serve
 * eight requests a second in 0.1 s; those that are ill do too, until a line `ill` on standard input
 * makes them slow: two a second, each of 2 s. `well` mends them. Prints its port.
 */
const BOUNDS = [0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.5, 5, 10, 20, 40];
const LABELS = 'engine="0",model_name="bench"';
const FAST = { perSecond: 8, takesS: 0.1 };
const SLOW = { perSecond: 2, takesS: 2 };
/** Pages of one kind are the same within this time: one is rendered for all of them. */
const SAME_FOR_MS = 100;

/** Replicas of one kind: what their counters have come to. */
class Kind {
  isSlow = false;
  #fast = 0;
  #slow = 0;
  #countedAtMs = Date.now();
  #page = Buffer.alloc(0);
  #renderedAtMs = 0;

  page(): Buffer {
    this.count();
    if (Date.now() - this.#renderedAtMs >= SAME_FOR_MS) {
      this.#page = Buffer.from(this.#render());
      this.#renderedAtMs = Date.now();
    }
    return this.#page;
  }

  count(): void {
    const seconds = (Date.now() - this.#countedAtMs) / 1000;
    this.#countedAtMs += seconds * 1000;
    if (this.isSlow) this.#slow += seconds * SLOW.perSecond;
    else this.#fast += seconds * FAST.perSecond;
  }

  #render(): string {
    const [fast, slow] = [Math.floor(this.#fast), Math.floor(this.#slow)];
    const total = fast + slow;
    const below = (bound: number) =>
      (bound >= FAST.takesS ? fast : 0) + (bound >= SLOW.takesS ? slow : 0);
    const name = 'http_request_duration_highr_seconds';
    return [
      '# TYPE aphrodite:num_requests_running gauge',
      `aphrodite:num_requests_running{${LABELS}} ${this.isSlow ? 4 : 1}`,
      `aphrodite:num_requests_waiting{${LABELS}} 0`,
      `aphrodite:kv_cache_usage_perc{${LABELS}} 0.4`,
      '# TYPE aphrodite:generation_tokens_total counter',
      `aphrodite:generation_tokens_total{${LABELS}} ${total * 200}`,
      `aphrodite:prompt_tokens_total{${LABELS}} ${total * 400}`,
      `aphrodite:request_success_total{${LABELS},finished_reason="stop"} ${total}`,
      `# TYPE ${name} histogram`,
      ...BOUNDS.map((bound) => `${name}_bucket{le="${bound}"} ${below(bound)}`),
      `${name}_bucket{le="+Inf"} ${total}`,
      `${name}_count ${total}`,
      `${name}_sum ${fast * FAST.takesS + slow * SLOW.takesS}`,
      '',
    ].join('\n');
  }
}

const kinds = { well: new Kind(), ill: new Kind() };
const server = http.createServer((request, response) => {
  const page = kinds[request.url?.startsWith('/ill/') === true ? 'ill' : 'well'].page();
  response.writeHead(200, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'content-length': page.length,
  });
  response.end(page);
});
server.keepAliveTimeout = 180_000;
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
createInterface(process.stdin)
  .on('line', (line) => {
    kinds.ill.count();
    kinds.ill.isSlow = line === 'ill';
  })
  // The bench closes this end when it is done, or dies.
  .on('close', () => process.exit(0));
