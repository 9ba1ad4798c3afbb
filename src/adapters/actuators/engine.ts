import { z } from 'zod';
import {
  AdapterError,
  type EngineAdmin,
  type EngineCapability,
  type EngineHealth,
} from '../../domain/ports.js';
import { createHttpAgent, parseReply, statusError, type HttpReply } from '../http.js';
import type { Actuator, ActuatorContext } from './actuator.js';
import { probeCapabilities } from './engine-capabilities.js';
import { collectForensics } from './engine-forensics.js';
import { probeHealth, readModels } from './engine-health.js';
import { callEngine, type EngineAccess } from './engine-http.js';
import { duration, secretReference } from './settings.js';

const baseUrl = z
  .string()
  .regex(/^https?:\/\/[^/?#]+(\/[^?#]*)?$/, 'expected a URL like "http://127.0.0.1:2242"')
  .transform((url) => url.replace(/\/+$/, ''));

const schema = z.strictObject({
  /** Base URL of each replica; what is not listed is looked up at the service's replica control. */
  replicas: z.record(z.string().min(1), baseUrl).default({}),
  /** Key of the engines' OpenAI endpoints (`--api-key`). */
  apiKey: secretReference.optional(),
  /** For every administrative call. */
  timeout: duration.default(5_000),
  /** For the completion of one token: longer than a healthy queue, shorter than patience. */
  completionTimeout: duration.default(10_000),
  /** What a pause does to requests in flight; `keep` freezes them until the resume. */
  pauseMode: z.enum(['keep', 'wait', 'abort']).default('keep'),
  /** 1 keeps the weights in host memory, so that waking takes seconds; 2 drops them. */
  sleepLevel: z.union([z.literal(1), z.literal(2)]).default(1),
});
type Settings = z.output<typeof schema>;

const sleepState = z.object({ is_sleeping: z.boolean() });
const pauseState = z.object({ is_paused: z.boolean() });

class HttpEngineAdmin implements EngineAdmin {
  constructor(
    readonly access: EngineAccess,
    readonly settings: Settings,
  ) {}

  capabilities(replica: string): Promise<ReadonlySet<EngineCapability>> {
    return probeCapabilities(this.access, replica, this.settings.timeout);
  }

  health(replica: string): Promise<EngineHealth> {
    const { timeout, completionTimeout } = this.settings;
    const limits = { timeoutMs: timeout, completionTimeoutMs: completionTimeout };
    return probeHealth(this.access, replica, limits);
  }

  /** A 200 does not mean that a block was freed (blocks in use stay): judge it by the hit rate. */
  async resetPrefixCache(replica: string): Promise<void> {
    await this.#post(replica, '/reset_prefix_cache');
  }

  async setSleeping(replica: string, isSleeping: boolean): Promise<void> {
    const now = await this.#get(replica, '/is_sleeping', (value) => sleepState.parse(value));
    if (now.is_sleeping === isSleeping) return;
    const sleepPath = `/sleep?level=${this.settings.sleepLevel}&mode=abort`;
    await this.#post(replica, isSleeping ? sleepPath : '/wake_up');
  }

  async setPaused(replica: string, isPaused: boolean): Promise<void> {
    const now = await this.#get(replica, '/is_paused', (value) => pauseState.parse(value));
    if (now.is_paused === isPaused) return;
    await this.#post(replica, isPaused ? `/pause?mode=${this.settings.pauseMode}` : '/resume');
  }

  async setLora(
    replica: string,
    adapter: { name: string; path: string },
    isLoaded: boolean,
  ): Promise<void> {
    const models = await readModels(this.access, replica, this.settings.timeout);
    if (models.includes(adapter.name) === isLoaded) return;
    await (isLoaded
      ? this.#post(replica, '/v1/load_lora_adapter', {
          lora_name: adapter.name,
          lora_path: adapter.path,
        })
      : this.#post(replica, '/v1/unload_lora_adapter', { lora_name: adapter.name }));
  }

  forensics(replica: string): Promise<Readonly<Record<string, string>>> {
    return collectForensics(this.access, replica, this.settings.timeout);
  }

  async #get<T>(replica: string, path: string, parse: (value: unknown) => T): Promise<T> {
    const reply = await this.#call(replica, 'GET', path);
    return parseReply({ method: 'GET', url: await this.#url(replica, path) }, reply, parse);
  }

  async #post(replica: string, path: string, body?: unknown): Promise<void> {
    await this.#call(replica, 'POST', path, body);
  }

  async #call(
    replica: string,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<HttpReply> {
    const timeoutMs = this.settings.timeout;
    const reply = await callEngine(this.access, replica, { method, path, body, timeoutMs });
    if (reply.status >= 200 && reply.status < 300) return reply;
    const error = statusError({ method, url: await this.#url(replica, path) }, reply);
    // Outside development mode these are missing, which no retry mends: say what would.
    const isConditional = reply.status === 404 && !path.startsWith('/v1/unload');
    const hint = isConditional
      ? '; the engine does not offer it (APHRODITE_SERVER_DEV_MODE=1, or allow runtime LoRA updating)'
      : '';
    throw new AdapterError(error.reason, `engine "${replica}": ${error.message}${hint}`);
  }

  async #url(replica: string, path: string): Promise<string> {
    return `${await this.access.baseUrl(replica)}${path}`;
  }
}

function resolver(settings: Settings, context: ActuatorContext) {
  return async (replica: string): Promise<string> => {
    const listed = settings.replicas[replica];
    if (listed !== undefined) return listed;
    const address = await context.resolveAddress?.(replica);
    if (address !== undefined) return `http://${address}`;
    throw new AdapterError(
      'not-found',
      `engine "${replica}" has no known address; list it under the actuator's "replicas"`,
    );
  };
}

/** Engines' administrative HTTP interface (Aphrodite, vLLM). */
export const engine = {
  kind: 'engine',
  schema,
  create(settings: Settings, context: ActuatorContext = {}) {
    const agent = createHttpAgent();
    const access = { agent, apiKey: settings.apiKey, baseUrl: resolver(settings, context) };
    const admin = new HttpEngineAdmin(access, settings);
    return {
      engine: admin,
      async check(): Promise<readonly string[]> {
        const names = Object.keys(settings.replicas);
        const answers = await Promise.allSettled(names.map((name) => admin.capabilities(name)));
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
