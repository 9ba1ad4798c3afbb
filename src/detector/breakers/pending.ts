import { z } from 'zod';
import { BREAKER_KINDS } from '../../domain/recovery/breaker-kinds.js';
import type { BreakerOutcome } from '../../workflows/breaker-messages.js';
import type { Target } from '../../workflows/messages.js';
import { JsonFile } from '../json-file.js';

const outcomeSchema: z.ZodType<BreakerOutcome> = z.object({
  kind: z.enum(BREAKER_KINDS),
  failures: z.number(),
  successes: z.number(),
  atMs: z.number(),
  detail: z.string(),
  epoch: z.number().optional(),
  settings: z
    .object({
      failureThreshold: z.number(),
      successThreshold: z.number(),
      openMs: z.number(),
      failureWindowMs: z.number(),
      forgivingSuccesses: z.number(),
      halfOpenPercent: z.number(),
      enforce: z.boolean(),
      incidentAfterTrials: z.number(),
    })
    .optional(),
  hold: z
    .object({
      isDrained: z.boolean(),
      weight: z.object({ before: z.number(), set: z.number() }).nullable(),
    })
    .optional(),
});
const fileSchema = z.object({
  version: z.literal(1),
  untold: z.array(
    z.object({
      service: z.string(),
      replica: z
        .string()
        .optional()
        .transform((name): string | undefined => name),
      outcome: outcomeSchema,
    }),
  ),
});

/** What the breakers' workflows have not been told yet. */
interface Untold {
  readonly target: Target;
  readonly outcome: BreakerOutcome;
}

/**
 * Outcomes on their way to the breakers' workflows. Those that say what was changed at the load
 * balancer are in a file until they are told: whoever dies after a drain leaves who owes it.
 */
export class PendingOutcomes {
  readonly #untold = new Set<Untold>();
  readonly #file: JsonFile<typeof fileSchema>;
  #saved: Promise<void> = Promise.resolve();

  constructor(
    file: string,
    private readonly send: (target: Target, outcome: BreakerOutcome) => Promise<void>,
  ) {
    this.#file = new JsonFile(file, fileSchema);
  }

  /** Takes up what the last run had not told. @throws Error when the file can't be used. */
  async restore(): Promise<void> {
    const saved = await this.#file.read();
    for (const { service, replica, outcome } of saved?.untold ?? []) {
      this.#untold.add({ target: { service, replica }, outcome });
    }
  }

  /** How many are still to be told. */
  get count(): number {
    return this.#untold.size;
  }

  /** Tells it now; what changed something and could not be told is told again by `retry`. */
  async tell(target: Target, outcome: BreakerOutcome): Promise<void> {
    if (outcome.hold === undefined) return this.send(target, outcome);
    const one = { target, outcome };
    this.#untold.add(one);
    this.#saved = this.#save();
    await this.#deliver(one);
  }

  /** Resolves once it is known to more than this process: to the workflow, or to the disk. */
  async owed(told: Promise<void>): Promise<void> {
    await Promise.any([told, this.#saved]);
  }

  /** Tells what could not be told; rejects with the first failure, after trying each. */
  async retry(): Promise<void> {
    const results = await Promise.allSettled([...this.#untold].map((one) => this.#deliver(one)));
    const failed = results.find((r) => r.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #deliver(one: Untold): Promise<void> {
    await this.send(one.target, one.outcome);
    this.#untold.delete(one);
    await this.#save();
  }

  #save(): Promise<void> {
    return this.#file.write(() => ({
      version: 1,
      untold: [...this.#untold].map(({ target, outcome }) => ({ ...target, outcome })),
    }));
  }
}
