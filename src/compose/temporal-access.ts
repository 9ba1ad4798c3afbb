import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { readSecret } from '../adapters/actuators/settings.js';
import type { TemporalTarget } from '../adapters/temporal/connection.js';
import { createEncryptionCodec } from '../adapters/temporal/payload-encryption.js';
import type { Config } from '../config/schema.js';

const built = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** How Temporal is reached, and in what form it is given what it keeps. */
export interface TemporalAccess {
  readonly target: TemporalTarget;
  /** For clients and workers alike. */
  readonly dataConverter: DataConverter;
  /** The same encryption by itself; undefined where payloads are plain. */
  readonly codec: PayloadCodec | undefined;
  /** Path of the workflow bundle that goes with it. */
  readonly bundle: string;
}

/**
 * From the configuration, with its secrets read. TEMPORAL_ADDRESS and TEMPORAL_API_KEY in the
 * environment win; without an address it is that of the local stack's own server.
 *
 * @throws AdapterError `unauthorized` for a secret that is not there, RangeError for a key that is none,
 *   Error for a certificate that can't be read.
 */
export async function temporalAccess(
  { temporal }: Config,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TemporalAccess> {
  const address = env['TEMPORAL_ADDRESS'] || (temporal.address ?? `127.0.0.1:${temporal.port}`);
  const configured = temporal.apiKey === undefined ? undefined : await readSecret(temporal.apiKey);
  const codec = await codecOf(temporal.encryption);
  return {
    target: {
      address,
      tls: tlsOf(temporal.tls),
      apiKey: env['TEMPORAL_API_KEY'] || configured,
    },
    dataConverter:
      codec === undefined
        ? {}
        : {
            payloadCodecs: [codec],
            failureConverterPath: built('src/adapters/temporal/encoded-failures.cjs'),
          },
    codec,
    bundle: built(codec === undefined ? 'workflow-bundle.js' : 'workflow-bundle-encrypted.js'),
  };
}

async function codecOf(
  encryption: Config['temporal']['encryption'],
): Promise<PayloadCodec | undefined> {
  if (encryption === undefined) return undefined;
  const keys = encryption.keys.map(async ({ id, key }) => ({
    id,
    secret: Buffer.from(await readSecret(key), 'base64'),
  }));
  return createEncryptionCodec(await Promise.all(keys));
}

function tlsOf(tls: Config['temporal']['tls']): TemporalTarget['tls'] {
  if (typeof tls === 'boolean') return tls || undefined;
  const { ca, cert, key, serverName } = tls;
  return {
    ...(ca === undefined ? {} : { serverRootCACertificate: readFileSync(ca) }),
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(cert === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: readFileSync(cert), key: readFileSync(key) } }),
  };
}
