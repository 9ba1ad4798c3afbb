import { z } from 'zod';
import { secretReference } from '../adapters/actuators/settings.js';

const port = z.int().min(1).max(65_535);
const name = z.string().regex(/^[\w.-]+$/, 'expected letters, digits, "_", "-" or "."');

/** Certificates by path: read at the start, so a rotated one needs a restart. */
const tls = z.strictObject({
  /** Authorities that the server's certificate is checked against; the system's where left out. */
  ca: z.string().min(1).optional(),
  /** The client's certificate and key, where the server asks for one (mTLS). */
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  /** Name in the server's certificate, where it is not that of the address. */
  serverName: z.string().min(1).optional(),
});

const encryption = z.strictObject({
  /** The first encrypts, all decrypt. Each is 32 bytes in base64. */
  keys: z
    .array(z.strictObject({ id: name, key: secretReference }))
    .min(1, 'expected at least one key: { id, key: { env: NAME } }')
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, {
      error: 'two keys have the same id',
    }),
  /** Where Temporal's UI has payloads decoded; the server role listens there, on loopback only. */
  codecPort: port.default(8234),
});

/** How Temporal is reached, and what it may read. */
export const temporalSchema = z
  .strictObject({
    /** An existing server; TEMPORAL_ADDRESS in the environment wins. Without one, `start` runs its own. */
    address: z.string().optional(),
    namespace: name.default('paramedic'),
    /** Path of Temporal's CLI, where it is not to be looked for or fetched. */
    binary: z.string().optional(),
    port: port.default(7233),
    uiPort: port.default(8233),
    /** `true` for TLS by the system's authorities. */
    tls: z.union([z.boolean(), tls]).default(false),
    /** Temporal Cloud's API key; implies TLS. */
    apiKey: secretReference.optional(),
    /** Encrypts all payloads with AES-256-GCM; without it they are readable by whoever reads Temporal. */
    encryption: encryption.optional(),
  })
  .superRefine(({ tls: given }, context) => {
    if (typeof given === 'boolean' || (given.cert === undefined) === (given.key === undefined)) {
      return;
    }
    context.addIssue({
      code: 'custom',
      path: ['tls', given.cert === undefined ? 'cert' : 'key'],
      message: 'expected both cert and key, or neither',
    });
  });
