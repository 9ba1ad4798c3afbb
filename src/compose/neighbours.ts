import { z } from 'zod';
import { ownersIn, type DetectorPlace } from '../config/detectors.js';
import type { Config } from '../config/schema.js';
import type { Elsewhere } from '../detector/elsewhere.js';
import { scopeOf } from '../domain/sla/violation.js';

/** They are asked so often; an end waits so long for what a neighbour holds. */
const ASK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 1_000;
/** One that has not answered for so long is gone: what it held is for those that are left. */
const GONE_AFTER_MS = 5_000;

const answer = z.object({ held: z.array(z.string()), paged: z.array(z.string()) });

/** What a detector may do of what only one of several may. */
export interface Share {
  /** Whether it watches that service at all. */
  isOwn(service: string): boolean;
  /** Whether it is the first of those that watch it and are alive. */
  leads(service: string): boolean;
}

/** Of the only detector there is. */
export const WHOLE_SHARE: Share = { isOwn: () => true, leads: () => true };

/** What one detector last said. */
interface Heard {
  readonly atMs: number;
  readonly held: ReadonlySet<string>;
  readonly paged: ReadonlySet<string>;
}

/** What it is made of. */
export interface NeighboursOptions {
  readonly place: DetectorPlace;
  readonly places: readonly DetectorPlace[];
  readonly config: Pick<Config, 'detector' | 'services'>;
  readonly token: string | undefined;
  readonly now: () => number;
  /** One went or came back. */
  readonly onChange: (name: string, isThere: boolean) => void;
}

/**
 * The detectors that watch some of the same services: who of them is alive, and what they hold open.
 * Each starts incidents by itself, and the same id makes one of them; but an incident ends only when
 * nobody holds it any more, and what has no id of its own (counts for breakers, pages while Temporal
 * is away) is left to the first of them that is alive.
 */
export class Neighbours implements Share, Elsewhere {
  readonly #others: readonly DetectorPlace[];
  readonly #ownersOf: (service: string) => readonly number[];
  readonly #heard = new Map<number, Heard>();
  readonly #there = new Map<number, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;

  constructor(private readonly options: NeighboursOptions) {
    const { place, places, config } = options;
    this.#ownersOf = ownersIn(config);
    const shared = new Set(
      config.services
        .map(({ name }) => this.#ownersOf(name))
        .filter((owners) => owners.includes(place.number))
        .flat(),
    );
    this.#others = places.filter(({ number }) => number !== place.number && shared.has(number));
  }

  /** Asks all of them once, so that the first decision knows them, and goes on asking. */
  async start(): Promise<void> {
    if (this.#others.length === 0) return;
    await this.#ask();
    this.#timer = setInterval(() => {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }, ASK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#asking;
  }

  isOwn(service: string): boolean {
    return this.options.place.isOwn(service);
  }

  leads(service: string): boolean {
    const { number } = this.options.place;
    return this.#ownersOf(service).find((n) => n === number || this.#isThere(n)) === number;
  }

  /** Whether another one that watches its service holds that violation open. */
  holds(fingerprint: string): boolean {
    return this.#someOf(fingerprint, ({ held }) => held);
  }

  /** Whether another one told people of it while Temporal was away, and its incident not yet. */
  hasPaged(fingerprint: string): boolean {
    return this.#someOf(fingerprint, ({ paged }) => paged);
  }

  #someOf(fingerprint: string, of: (heard: Heard) => ReadonlySet<string>): boolean {
    if (this.#others.length === 0) return false;
    return this.#ownersOf(scopeOf(fingerprint).service).some((number) => {
      const heard = this.#heard.get(number);
      return heard !== undefined && this.#isThere(number) && of(heard).has(fingerprint);
    });
  }

  #isThere(number: number): boolean {
    const heard = this.#heard.get(number);
    return heard !== undefined && this.options.now() - heard.atMs < GONE_AFTER_MS;
  }

  async #ask(): Promise<void> {
    await Promise.all(this.#others.map((one) => this.#askOne(one)));
    for (const { number, name } of this.#others) {
      const isThere = this.#isThere(number);
      const was = this.#there.get(number);
      this.#there.set(number, isThere);
      if (was !== undefined && was !== isThere) this.options.onChange(name, isThere);
    }
  }

  async #askOne({ number, url }: DetectorPlace): Promise<void> {
    const { token, now } = this.options;
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const reply = await fetch(new URL('/internal/held', url), { headers, signal });
      if (!reply.ok) return;
      const { held, paged } = answer.parse(await reply.json());
      this.#heard.set(number, { atMs: now(), held: new Set(held), paged: new Set(paged) });
    } catch {
      // Away, or starting: after a while it counts as gone, and that is told.
    }
  }
}
