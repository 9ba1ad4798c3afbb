import type { Agent } from 'undici';
import { AdapterError } from '../../domain/ports.js';
import { httpCall, statusError, type HttpCall, type HttpReply } from '../http.js';

/** A call whose address or headers are secrets. */
export interface SecretCall extends Omit<HttpCall, 'method'> {
  /** What to call the other side in messages, in place of its URL. */
  readonly name: string;
  /** What must not appear in a message, even where the other side sends it back. */
  readonly secrets: readonly string[];
}

/**
 * Posts, and insists on 2xx.
 *
 * Its errors end in workflow histories and records: they name the other side by `name` only, and
 * hold none of `secrets` nor the path of the URL.
 *
 * @throws AdapterError as `httpExpectOk`.
 */
export async function post(agent: Agent, call: SecretCall): Promise<HttpReply> {
  const { name, secrets, ...rest } = call;
  const whole: HttpCall = { ...rest, method: 'POST' };
  try {
    const reply = await httpCall(agent, whole);
    if (reply.status < 200 || reply.status > 299) throw statusError(whole, reply);
    return reply;
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    throw withoutSecrets(error, name, [urlText(call.url), ...pathsOf(call.url), ...secrets]);
  }
}

/** The same error under the other side's name, without secrets. Its cause goes: it holds the URL. */
function withoutSecrets(
  error: AdapterError,
  name: string,
  secrets: readonly string[],
): AdapterError {
  const bare = error.message.replace(/^POST \S+?:? /, '');
  const message = secrets
    .filter((secret) => secret.length > 1)
    .reduce((text, secret) => text.replaceAll(secret, '[redacted]'), bare);
  return new AdapterError(error.reason, `${name}: ${message}`, {
    retryAfterMs: error.retryAfterMs,
  });
}

function urlText(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** The path with and without its query: either may hold the credential. */
function pathsOf(url: string): string[] {
  const { pathname, search } = new URL(url);
  return [`${pathname}${search}`, pathname];
}
