import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSecret } from '../adapters/actuators/settings.js';
import { oidcReader } from '../adapters/identity/oidc.js';
import { tokenReader } from '../adapters/identity/tokens.js';
import type { Config } from '../config/schema.js';
import type { Authentication } from '../server/authenticate.js';
import type { Signer } from '../server/request-signature.js';
import { createSessions } from '../server/session.js';

const KEY_BYTES = 32;
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Who may call this server, from the configuration. */
export function createAuthentication(
  { server, dataDir }: Config,
  internalToken: string | undefined,
  nowMs: () => number,
): Authentication {
  const { tokens, oidc, publicUrl, sessionLifetime } = server;
  const reader = tokenReader(tokens, nowMs);
  return {
    mode: tokens.length === 0 && oidc === undefined ? 'open' : 'required',
    readers: [reader.read, ...(oidc === undefined ? [] : [oidcReader(oidc, nowMs)])],
    sessions: createSessions({
      // Several servers behind one address share what the roles share.
      key: internalToken === undefined ? ownKey(dataDir) : derivedKey(internalToken),
      lifetimeMs: sessionLifetime,
      isSecure: publicUrl?.startsWith('https:') === true,
      isCurrent: (principal) =>
        principal.via === 'oidc' ? oidc !== undefined : reader.isCurrent(principal),
      nowMs,
    }),
  };
}

/** Under which names the server may be asked by a browser. */
export function guardSettings({ server }: Config, mode: Authentication['mode']) {
  const { host, publicUrl, allowedHosts } = server;
  const publicHost = publicUrl === undefined ? undefined : new URL(publicUrl);
  const names = [...LOOPBACK_NAMES, host, ...allowedHosts];
  if (publicHost !== undefined) names.push(publicHost.hostname);
  return {
    hosts: mode === 'open' ? new Set(names.map((name) => name.toLowerCase())) : undefined,
    publicHost: publicHost?.host,
    isSecure: publicHost?.protocol === 'https:',
  };
}

/**
 * What the roles show each other; undefined where none is configured.
 *
 * @throws AdapterError `unauthorized` for one that can't be read.
 */
export async function readInternalToken({ internalToken }: Config): Promise<string | undefined> {
  return internalToken === undefined ? undefined : readSecret(internalToken);
}

/**
 * Who signs requests, with their secrets as they are now.
 *
 * @throws AdapterError `unauthorized` for a secret that can't be read.
 */
export function readSigners({ server }: Config): Promise<readonly Signer[]> {
  return Promise.all(
    server.signers.map(async ({ name, secret }) => ({ name, secret: await readSecret(secret) })),
  );
}

function derivedKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'paramedic browser sessions', KEY_BYTES));
}

/** Made at the first start, and kept, so that sessions outlive a restart. */
function ownKey(dataDir: string): Uint8Array {
  const file = path.join(dataDir, 'session.key');
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = readFileSync(file);
  if (key.byteLength >= KEY_BYTES) return key;
  throw new Error(`${file} is too short for a key: delete it, and all browsers sign in again`);
}
