import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError, get } from './client.js';

/** What is known of a resource. `data` stays while later questions fail: it is then stale, and says so. */
export interface Known<T> {
  readonly data: T | undefined;
  /** When `data` was received, Unix ms of this device. */
  readonly atMs: number | undefined;
  /** Undefined while all is well. `absent`: this server has no such thing. */
  readonly problem: { readonly kind: 'absent' | 'failed'; readonly text: string } | undefined;
}

/** How a resource is kept fresh. */
interface Freshness {
  /** Between two questions while nothing tells of changes. */
  readonly everyMs: number;
  /** The same while events tell of them: a backstop only. */
  readonly liveEveryMs?: number;
  /** Events after which it is asked again; see `/v1/events`. */
  readonly events?: readonly string[];
}

/** What an absent endpoint is asked again after: a server may be updated under an open page. */
const ABSENT_EVERY_MS = 60_000;
/** Events come in bursts; one question answers them all. */
const GATHER_MS = 120;

/** Whether events come in; set by the live connection. */
export const isLive = signal(false);

const all = new Map<string, Resource<unknown>>();

/** One GET of the API, kept fresh while something on the page uses it. */
export class Resource<T> {
  readonly #known = signal<Known<T>>({ data: undefined, atMs: undefined, problem: undefined });
  #users = 0;
  #timer: number | undefined;
  #asked = 0;

  constructor(
    readonly path: string,
    private readonly freshness: Freshness,
  ) {}

  get known(): ReadonlySignal<Known<T>> {
    return this.#known;
  }

  /** Keeps it fresh until the returned function is called. */
  use(): () => void {
    this.#users += 1;
    if (this.#users === 1) void this.refresh();
    return () => {
      this.#users -= 1;
      if (this.#users === 0) clearTimeout(this.#timer);
    };
  }

  /** Asks now. A question that is overtaken by a later one changes nothing. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const question = (this.#asked += 1);
    try {
      const data = await get<T>(this.path);
      if (question !== this.#asked) return;
      this.#known.value = { data, atMs: Date.now(), problem: undefined };
    } catch (error) {
      if (question !== this.#asked) return;
      const isAbsent = error instanceof ApiError && (error.status === 404 || error.status === 501);
      const text = error instanceof Error ? error.message : String(error);
      const problem = { kind: isAbsent ? ('absent' as const) : ('failed' as const), text };
      this.#known.value = isAbsent
        ? { data: undefined, atMs: undefined, problem }
        : { ...this.#known.value, problem };
    }
    this.#schedule();
  }

  /** Something of this kind has changed. */
  changed(event: string): void {
    if (this.#users === 0 || this.freshness.events?.includes(event) !== true) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), GATHER_MS);
  }

  /** Asks if it is used: after the page was hidden, or the connection was gone. */
  wake(): void {
    if (this.#users > 0) void this.refresh();
  }

  #schedule(): void {
    // A hidden page asks nothing; it is woken when it is seen again.
    if (this.#users === 0 || document.hidden) return;
    const { everyMs, liveEveryMs = everyMs } = this.freshness;
    const isAbsent = this.#known.value.problem?.kind === 'absent';
    const waitMs = isAbsent ? ABSENT_EVERY_MS : isLive.value ? liveEveryMs : everyMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), waitMs);
  }
}

/** The resource at that path: one for the whole page, however many parts use it. */
export function resource<T>(path: string, freshness: Freshness): Resource<T> {
  const known = all.get(path);
  if (known !== undefined) return known as Resource<T>;
  const made = new Resource<T>(path, freshness);
  all.set(path, made);
  return made;
}

/** What is known of a resource, kept fresh while the component is there. */
export function useResource<T>(one: Resource<T>): Known<T> {
  useEffect(() => one.use(), [one]);
  return one.known.value;
}

/** Tells every resource of an event. */
export function tellAll(event: string): void {
  for (const one of all.values()) one.changed(event);
}

/** Asks everything in use again. */
export function wakeAll(): void {
  for (const one of all.values()) one.wake();
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) wakeAll();
});
