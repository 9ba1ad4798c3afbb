import type { Agent } from 'undici';
import { z } from 'zod';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import { createHttpAgent, httpCall, parseReply, type HttpCall } from '../http.js';
import { readAccess, type KubernetesAccess, type KubernetesAuth } from './kubernetes-auth.js';

/** Ways to patch: fields merged, lists merged by their keys, or single operations in order. */
export type PatchKind = 'merge' | 'strategic-merge' | 'json';

const PATCH_TYPES: Readonly<Record<PatchKind, string>> = {
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

const statusReply = z.object({ message: z.string() });

/** Server-side reasons. 409 is `rejected`: what the caller saw is no longer so. */
function reasonOf(status: number): AdapterErrorReason {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  if (status === 504) return 'timeout';
  return status >= 500 ? 'unreachable' : 'rejected';
}

const HINTS: Readonly<Record<number, string>> = {
  401: '; the token or certificate is not valid (any more)',
  403: '; grant it (integrations/kubernetes/role.yaml has all that is needed)',
  409: '; it was changed since it was read, and nothing was done',
};

/** One API server, connected to when it is first needed. */
export class KubernetesClient {
  #connected: Promise<{ agent: Agent; access: KubernetesAccess }> | undefined;

  constructor(
    readonly auth: KubernetesAuth,
    readonly timeoutMs: number,
  ) {}

  /** Reads an object or a list; `path` from `/api` on. @throws AdapterError as `call`. */
  async get<T>(path: string, parse: (value: unknown) => T): Promise<T> {
    const { call, reply } = await this.#call({ method: 'GET', url: path });
    return parseReply(call, reply, parse);
  }

  /** Reads text (a pod's log). @throws AdapterError as `call`. */
  async getText(path: string): Promise<string> {
    return (await this.#call({ method: 'GET', url: path })).reply.text;
  }

  /** Patches an object; a `resourceVersion` in the patch makes it conditional. */
  async patch(path: string, kind: PatchKind, patch: unknown): Promise<void> {
    const headers = { 'content-type': PATCH_TYPES[kind] };
    await this.#call({ method: 'PATCH', url: path, headers, body: JSON.stringify(patch) });
  }

  /** Deletes an object if its `preconditions` (uid) still hold. */
  async delete(path: string, preconditions: { readonly uid: string }): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
    await this.#call({ method: 'DELETE', url: path, body });
  }

  /** Frees the connections. */
  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    await connected?.agent.destroy();
  }

  async #call(ask: Omit<HttpCall, 'timeoutMs'>) {
    const { agent, access } = await this.#connect();
    const token = await access.token();
    const call: HttpCall = {
      ...ask,
      url: `${access.server}${ask.url}`,
      headers: {
        accept: 'application/json',
        ...ask.headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      timeoutMs: this.timeoutMs,
      // A list of the ReplicaSets of a deployment with long templates, or of hundreds of pods.
      maxBytes: 32 * 1024 * 1024,
    };
    const reply = await httpCall(agent, call);
    if (reply.status >= 200 && reply.status < 300) return { call, reply };
    throw new AdapterError(
      reasonOf(reply.status),
      `kubernetes: ${ask.method} ${ask.url.split('?')[0] ?? ''} answered ${reply.status}: ` +
        `${messageOf(reply.text)}${HINTS[reply.status] ?? ''}`,
    );
  }

  #connect(): Promise<{ agent: Agent; access: KubernetesAccess }> {
    this.#connected ??= this.#open().catch((error: unknown) => {
      // A kubeconfig that is mended later must not need a restart.
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  async #open(): Promise<{ agent: Agent; access: KubernetesAccess }> {
    const access = await readAccess(this.auth);
    const agent = createHttpAgent({
      connect: {
        rejectUnauthorized: access.isVerified,
        ...(access.ca === undefined ? {} : { ca: access.ca }),
        ...(access.client ?? {}),
        ...(access.serverName === undefined ? {} : { servername: access.serverName }),
      },
    });
    return { agent, access };
  }
}

/** The `message` of a `Status` object, or the beginning of what came instead. */
function messageOf(text: string): string {
  try {
    return statusReply.parse(JSON.parse(text)).message;
  } catch {
    // A proxy in between answers in its own words.
    return text.trim().replace(/\s+/g, ' ').slice(0, 300);
  }
}
