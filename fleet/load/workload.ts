import type { Random } from '../base/random.js';

/** A tenant and what its requests look like. Tokens are of four characters. */
export interface Tenant {
  readonly name: string;
  /** Share of the whole rate; shares sum to 1. */
  readonly share: number;
  /** Tokens that all its prompts begin with. */
  readonly systemTokens: number;
  /** Tokens of its own in each prompt, uniform between the two. */
  readonly userTokens: readonly [number, number];
  /** Generated tokens, uniform between the two. */
  readonly outputTokens: readonly [number, number];
}

/** The ordinary tenants. Between two thirds and three quarters of their tokens are shared. */
const ordinaryTenants: readonly Tenant[] = [
  {
    name: 'chat',
    share: 0.45,
    systemTokens: 384,
    userTokens: [60, 200],
    outputTokens: [8, 24],
  },
  {
    name: 'search',
    share: 0.3,
    systemTokens: 512,
    userTokens: [60, 240],
    outputTokens: [6, 18],
  },
  {
    name: 'agents',
    share: 0.2,
    systemTokens: 448,
    userTokens: [80, 260],
    outputTokens: [10, 26],
  },
  {
    name: 'batch',
    share: 0.05,
    systemTokens: 256,
    userTokens: [60, 160],
    outputTokens: [8, 20],
  },
];

/** The tenant of the fault: prompts that share nothing and fill most of an engine's KV cache. */
export const noisyTenant: Tenant = {
  name: 'noisy',
  share: 1,
  systemTokens: 0,
  userTokens: [5500, 7000],
  outputTokens: [120, 180],
};

/** One completion to ask for. */
export interface WorkItem {
  readonly tenant: string;
  readonly prompt: string;
  readonly maxTokens: number;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz      ';

function randomText(random: Random, length: number): string {
  let text = '';
  for (let index = 0; index < length; index++) {
    text += alphabet[random.integer(0, alphabet.length - 1)] ?? ' ';
  }
  return text;
}

/** Makes prompts of tenants; deterministic by its source of chance. */
export class Workload {
  private readonly systemPrompts = new Map<string, string>();
  /** User texts are cut from this at random places: cheaper than drawing every letter. */
  private readonly corpus: string;

  constructor(private readonly random: Random) {
    this.corpus = randomText(random, 131_072);
    for (const tenant of ordinaryTenants) {
      this.systemPrompts.set(tenant.name, randomText(random, tenant.systemTokens * 4));
    }
  }

  /** The next request of the ordinary tenants. */
  next(): WorkItem {
    let draw = this.random.unit();
    // Shares that don't quite sum to 1 leave the rest to the last tenant.
    const tenant =
      ordinaryTenants.find((candidate) => (draw -= candidate.share) < 0) ?? ordinaryTenants.at(-1);
    if (tenant === undefined) throw new RangeError('there are no tenants');
    return this.nextOf(tenant);
  }

  /** The next request of one tenant. */
  nextOf(tenant: Tenant): WorkItem {
    const length = this.random.integer(...tenant.userTokens) * 4;
    const start = this.random.integer(0, this.corpus.length - length);
    return {
      tenant: tenant.name,
      prompt:
        (this.systemPrompts.get(tenant.name) ?? '') + this.corpus.slice(start, start + length),
      maxTokens: this.random.integer(...tenant.outputTokens),
    };
  }
}
