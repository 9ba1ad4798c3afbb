import { Problem } from './problem.js';

/** What clients are told of: all things of a kind, by id, as they are now. */
export interface Topic {
  readonly event: 'incident' | 'breaker' | 'mode' | 'alert' | 'report' | 'sla';
  readonly read: () => Promise<ReadonlyMap<string, unknown>>;
}

/** Settings of the hub. */
export interface EventHubSettings {
  readonly topics: readonly Topic[];
  /** Time between two looks, while anybody listens. */
  readonly everyMs: number;
  readonly maxStreams: number;
  /** A look at a topic failed; it is tried again. */
  readonly onError: (event: Topic['event'], error: unknown) => void;
}

/** So that proxies and clients don’t take silence for a dead connection. */
const HEARTBEAT_MS = 15_000;
/** Enough for a client that was away for a minute of a busy fleet; who missed more gets all of it. */
const KEPT_EVENTS = 1_000;
/** Chunks that a client may be behind; a slower one is cut off, and comes back with its last id. */
const MAX_BEHIND = 1_000;

interface Sent {
  readonly sequence: number;
  readonly text: string;
}

const encoder = new TextEncoder();

/**
 * Server-sent events, level-triggered: each look compares what is with what was last told, so that
 * nothing is lost with a message that went astray. Who connects is told everything as it is now; who
 * comes back with `Last-Event-ID` what changed since, as long as that is still known.
 */
export class EventHub {
  /** Another run of the server counts anew: ids of an older one are not understood. */
  readonly #run = crypto.randomUUID().slice(0, 8);
  readonly #told = new Map<string, { readonly json: string; readonly event: Topic['event'] }>();
  readonly #kept: Sent[] = [];
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(private readonly settings: EventHubSettings) {}

  /**
   * A stream for one client.
   *
   * @throws Problem 503 with as many as are allowed.
   */
  async open(lastEventId: string | undefined): Promise<ReadableStream<Uint8Array>> {
    if (this.#streams.size >= this.settings.maxStreams) {
      const why = `${this.settings.maxStreams} clients listen already; ask for what you need instead`;
      throw new Problem(503, 'Not possible now', why, { headers: { 'retry-after': '10' } });
    }
    await this.#look();
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          controller.enqueue(encoder.encode(`retry: 2000\n\n${this.#since(lastEventId)}`));
          this.#streams.add(controller);
          this.#start();
        },
        cancel: () => {
          if (own !== undefined) this.#drop(own);
        },
      },
      { highWaterMark: MAX_BEHIND },
    );
  }

  /** Ends every stream. */
  close(): void {
    for (const stream of [...this.#streams]) this.#drop(stream, true);
  }

  /** Streams that are open. */
  get size(): number {
    return this.#streams.size;
  }

  #since(lastEventId: string | undefined): string {
    const [run, sequence] = (lastEventId ?? '').split('-');
    const from = Number(sequence);
    const oldest = this.#kept[0]?.sequence ?? this.#sequence + 1;
    if (run === this.#run && Number.isSafeInteger(from) && from >= oldest - 1) {
      return this.#kept
        .filter(({ sequence: at }) => at > from)
        .map(({ text }) => text)
        .join('');
    }
    return [...this.#told.values()].map(({ json, event }) => this.#text(event, json)).join('');
  }

  #text(event: string, json: string): string {
    return `id: ${this.#run}-${this.#sequence}\nevent: ${event}\ndata: ${json}\n\n`;
  }

  #start(): void {
    this.#timer ??= setInterval(() => void this.#look(), this.settings.everyMs);
    this.#heartbeat ??= setInterval(() => this.#send(': heartbeat\n\n'), HEARTBEAT_MS);
  }

  #drop(stream: ReadableStreamDefaultController<Uint8Array>, ends = false): void {
    if (!this.#streams.delete(stream)) return;
    if (ends) stream.close();
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    clearInterval(this.#heartbeat);
    this.#timer = this.#heartbeat = undefined;
  }

  #send(text: string): void {
    const bytes = encoder.encode(text);
    for (const stream of [...this.#streams]) {
      if ((stream.desiredSize ?? 0) <= 0) this.#drop(stream, true);
      else stream.enqueue(bytes);
    }
  }

  /** One look at a time: a slow one must not be overtaken by the next. */
  #look(): Promise<void> {
    this.#looking ??= this.#compare().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #compare(): Promise<void> {
    const { topics, onError } = this.settings;
    await Promise.all(
      topics.map(async ({ event, read }) => {
        try {
          const found = await read();
          for (const [id, value] of found) this.#tell(event, `${event} ${id}`, value);
          // What is no more is forgotten, or the list would grow for ever.
          for (const [key, known] of this.#told) {
            if (known.event === event && !found.has(key.slice(event.length + 1))) {
              this.#told.delete(key);
            }
          }
        } catch (error) {
          onError(event, error);
        }
      }),
    );
  }

  #tell(event: Topic['event'], key: string, value: unknown): void {
    const json = JSON.stringify(value);
    if (this.#told.get(key)?.json === json) return;
    this.#told.set(key, { json, event });
    this.#sequence += 1;
    const text = this.#text(event, json);
    this.#kept.push({ sequence: this.#sequence, text });
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
    this.#send(text);
  }
}
