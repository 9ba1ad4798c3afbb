import type { Agent } from 'undici';
import { AdapterError } from '../../domain/ports.js';
import { httpCall, type HttpCall, type HttpReply } from '../http.js';
import { readSecret, type SecretReference } from './settings.js';

/** A call to one engine; `path` with its query. */
export type EngineCall = Omit<HttpCall, 'url' | 'headers'> & { readonly path: string };

/** What is needed to reach the engines. */
export interface EngineAccess {
  readonly agent: Agent;
  readonly apiKey: SecretReference | undefined;
  /** Base URL of a replica, without a slash at its end. @throws AdapterError `not-found`. */
  baseUrl(replica: string): Promise<string>;
}

/**
 * Makes one call to an engine. Any status is a reply.
 *
 * The key goes under `/v1` only: engines check it nowhere else, and an address that turns out to
 * be something else must not learn it.
 *
 * @throws AdapterError as `httpCall`; `unauthorized` when the key can't be read.
 */
export async function callEngine(
  access: EngineAccess,
  replica: string,
  call: EngineCall,
): Promise<HttpReply> {
  const { path, ...rest } = call;
  const isKeyed = access.apiKey !== undefined && path.startsWith('/v1/');
  const headers = isKeyed
    ? { authorization: `Bearer ${await readSecret(access.apiKey)}` }
    : undefined;
  const url = `${await access.baseUrl(replica)}${path}`;
  try {
    return await httpCall(access.agent, { ...rest, url, ...(headers && { headers }) });
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    throw new AdapterError(error.reason, `engine "${replica}": ${error.message}`, { cause: error });
  }
}
