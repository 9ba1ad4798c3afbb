import { z } from 'zod';
import { oidcSchema } from '../adapters/identity/oidc.js';
import { tokenSchema } from '../adapters/identity/tokens.js';
import { secretReference } from '../adapters/actuators/settings.js';
import { duration } from './duration.js';

const hostName = z.string().regex(/^(?:[\w.-]+|\[[\da-f:.]+\])$/i, 'expected a host name');

/** The server's settings; `host` and `port` are shared with the other roles' schema. */
export const serverSettings = {
  /** Who may call: programs and people, each with a token of their own. */
  tokens: z
    .array(tokenSchema)
    .default([])
    .refine((tokens) => new Set(tokens.map(({ name }) => name)).size === tokens.length, {
      error: 'expected a name of its own for each token',
    }),
  /** Programs that sign what they push (HMAC-SHA256) instead of showing a token: operators there, nothing else. */
  signers: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[\w.@-]{1,100}$/, 'expected letters, digits, "_", "-", "." or "@"'),
        secret: secretReference,
      }),
    )
    .default([]),
  /** Single sign-on: JWTs of this issuer are accepted as tokens. */
  oidc: oidcSchema.optional(),
  /** The address that browsers see, where a proxy stands in front; `https` makes cookies secure. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** More names under which the server is reached on loopback, where nobody has to sign in. */
  allowedHosts: z.array(hostName).default([]),
  /** A browser's session lasts so long at most. */
  sessionLifetime: duration.prefault('12h'),
  /** Calls of one token, or of one address without one. */
  rateLimit: z
    .strictObject({
      perSecond: z.number().positive().default(100),
      /** At once after a rest. */
      burst: z.int().min(1).default(500),
    })
    .prefault({}),
};

/** Whether that address can only be reached from this machine. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** What of a configuration decides who can reach it. */
interface Exposed {
  readonly server: {
    readonly host: string;
    readonly tokens: readonly unknown[];
    readonly oidc?: unknown;
  };
  readonly detector: {
    readonly host: string;
    readonly shards?: readonly { readonly host: string }[] | undefined;
  };
  readonly internalToken?: unknown;
}

/** Addresses that others can reach where nobody has to show who they are: path, and how to mend it. */
export function exposures({ server, detector, internalToken }: Exposed) {
  const found: (readonly [path: readonly (string | number)[], message: string])[] = [];
  if (!isLoopback(server.host) && server.tokens.length === 0 && server.oidc === undefined) {
    found.push([
      ['server', 'host'],
      `other machines reach this address, and nobody has to sign in: add server.tokens (\`paramedic token create\`) or server.oidc, or use 127.0.0.1; got "${server.host}"`,
    ]);
  }
  const shards = detector.shards?.map(({ host }, i) => [['detector', 'shards', i], host] as const);
  for (const [at, given] of [
    [['server'], server.host] as const,
    ...(shards ?? [[['detector'], detector.host] as const]),
  ]) {
    if (isLoopback(given) || internalToken !== undefined) continue;
    found.push([
      [...at, 'host'],
      `other machines reach this address, and what the roles tell each other is open: set internalToken (\`{ env: NAME }\` or \`{ file: PATH }\`, the same for every role), or use 127.0.0.1; got "${given}"`,
    ]);
  }
  return found;
}
