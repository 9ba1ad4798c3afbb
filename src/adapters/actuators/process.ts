import { z } from 'zod';
import type { Agent } from 'undici';
import {
  AdapterError,
  type ChangeEvent,
  type Deployment,
  type ReplicaControl,
  type ReplicaProcess,
  type ScaleAsk,
} from '../../domain/ports.js';
import {
  createHttpAgent,
  httpCall,
  httpExpectOk,
  parseReply,
  statusError,
  type HttpCall,
} from '../http.js';
import type { Actuator } from './actuator.js';
import { changesReply, releasesReply, replicasReply } from './process-replies.js';
import { duration, readSecret, secretReference, type SecretReference } from './settings.js';

const schema = z.strictObject({
  /** Base URL of each service's supervisor; one supervisor runs one service. */
  services: z.record(
    z.string().min(1),
    z
      .string()
      .regex(/^https?:\/\/[^/?#]+(\/[^?#]*)?$/, 'expected a URL like "http://127.0.0.1:9100"')
      .transform((url) => url.replace(/\/+$/, '')),
  ),
  /** Bearer token, where the supervisor asks for one. */
  token: secretReference.optional(),
  /** For calls that only read. */
  timeout: duration.default(5_000),
  /** For restart, scale and activate, which answer when they are done. */
  actTimeout: duration.default(60_000),
  /** How long a replica may finish its requests before it is killed on a restart. */
  grace: duration.default(5_000),
});
type Settings = z.output<typeof schema>;

/** A name as one segment of a path. */
const segment = (name: string): string => encodeURIComponent(name);

class SupervisorClient {
  constructor(
    readonly agent: Agent,
    readonly services: Settings['services'],
    readonly token: SecretReference | undefined,
  ) {}

  /** A whole call. @throws AdapterError `not-found` for a service that has no supervisor. */
  async call(
    service: string,
    method: 'GET' | 'POST',
    path: string,
    timeoutMs: number,
    body?: unknown,
  ): Promise<HttpCall> {
    const base = this.services[service];
    if (base === undefined) {
      throw new AdapterError(
        'not-found',
        `service "${service}" has no supervisor; add its URL to the actuator's "services"`,
      );
    }
    const headers =
      this.token === undefined ? {} : { authorization: `Bearer ${await readSecret(this.token)}` };
    return { method, url: `${base}${path}`, headers, timeoutMs, body };
  }
}

/** Replicas and releases of services that a supervisor with the reference fleet's API runs. */
class SupervisedProcesses implements ReplicaControl, Deployment {
  constructor(
    readonly client: SupervisorClient,
    readonly settings: Settings,
  ) {}

  async replicas(service: string): Promise<readonly ReplicaProcess[]> {
    return this.#read(service, '/v1/replicas', (value) => replicasReply.parse(value));
  }

  async restart(
    service: string,
    replica: string,
    ask: { operationId: string; ifGeneration: number },
  ): Promise<void> {
    const path = `/v1/replicas/${segment(replica)}/restart`;
    await this.#act(service, path, { ...ask, graceMs: this.settings.grace });
  }

  async scale(service: string, ask: ScaleAsk): Promise<void> {
    await this.#act(service, '/v1/scale', ask);
  }

  async logs(service: string, replica: string, tail: number): Promise<string> {
    const path = `/v1/replicas/${segment(replica)}/logs?tail=${tail}`;
    const call = await this.client.call(service, 'GET', path, this.settings.timeout);
    return (await httpExpectOk(this.client.agent, call)).text;
  }

  async releases(service: string): ReturnType<Deployment['releases']> {
    return this.#read(service, '/v1/releases', (value) => releasesReply.parse(value));
  }

  async activate(
    service: string,
    ask: { operationId: string; release: string; ifRelease: string },
  ): Promise<void> {
    const { release, ...rest } = ask;
    await this.#act(service, `/v1/releases/${segment(release)}/activate`, rest);
  }

  async changes(service: string, sinceMs: number): Promise<readonly ChangeEvent[]> {
    const path = `/v1/changes?sinceMs=${Math.floor(sinceMs)}`;
    const events = await this.#read(service, path, (value) => changesReply.parse(value));
    return events.map((event) => ({ ...event, service }));
  }

  async #read<T>(service: string, path: string, parse: (value: unknown) => T): Promise<T> {
    const call = await this.client.call(service, 'GET', path, this.settings.timeout);
    return parseReply(call, await httpExpectOk(this.client.agent, call), parse);
  }

  /** 2xx, `already: true` included, means that the state asked for holds or was reached by this id. */
  async #act(service: string, path: string, body: unknown): Promise<void> {
    const call = await this.client.call(service, 'POST', path, this.settings.actTimeout, body);
    const reply = await httpCall(this.client.agent, call);
    if (reply.status >= 200 && reply.status < 300) return;
    throw statusError(call, reply);
  }
}

/** The reference fleet's supervisor, or any other with its HTTP API. */
export const processActuator = {
  kind: 'process',
  schema,
  create(settings: Settings) {
    const agent = createHttpAgent();
    const client = new SupervisorClient(agent, settings.services, settings.token);
    const processes = new SupervisedProcesses(client, settings);
    return {
      replicas: processes,
      deployment: processes,
      async check(): Promise<readonly string[]> {
        const answers = await Promise.allSettled(
          Object.keys(settings.services).map((service) => processes.replicas(service)),
        );
        return answers.flatMap((answer) =>
          answer.status === 'rejected'
            ? [answer.reason instanceof Error ? answer.reason.message : String(answer.reason)]
            : [],
        );
      },
      close: () => agent.destroy(),
    };
  },
} satisfies Actuator<typeof schema>;
