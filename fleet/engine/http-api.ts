import { expositionContentType } from '../base/exposition.js';
import {
  jsonReply,
  readJsonObject,
  textReply,
  type ServiceHandler,
  type ServiceReply,
  type ServiceRequest,
} from '../base/http-service.js';
import { complete } from './completions.js';
import type { Engine } from './engine.js';
import { charactersPerToken } from './profile.js';

/** What the endpoints need to know besides the engine. */
export interface EngineApiOptions {
  readonly release: string;
  /** APHRODITE_SERVER_DEV_MODE: without it the conditional endpoints answer 404. */
  readonly devMode: boolean;
  readonly startedAtMs: number;
}

type Route = (
  engine: Engine,
  request: ServiceRequest,
  options: EngineApiOptions,
) => ServiceReply | Promise<ServiceReply>;

const empty = (status = 200): ServiceReply => textReply(status, '');

function loraName(request: ServiceRequest): string | undefined {
  const name = readJsonObject(request.body)?.['lora_name'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

const models: Route = (engine, _request, options) => {
  const created = Math.floor(options.startedAtMs / 1000);
  const model = (id: string, parent: string | null): object => ({
    id,
    object: 'model',
    created,
    owned_by: 'aphrodite',
    parent,
    max_model_len: 8192,
  });
  const adapters = [...engine.loras].map((name) => model(name, engine.modelName));
  return jsonReply(200, { object: 'list', data: [model(engine.modelName, null), ...adapters] });
};

const tokenize: Route = (_engine, request) => {
  const prompt = readJsonObject(request.body)?.['prompt'];
  if (typeof prompt !== 'string') return jsonReply(400, { error: 'prompt: expected a string' });
  const count = Math.ceil(prompt.length / charactersPerToken);
  const tokens = Array.from({ length: count }, (_unused, index) => index);
  return jsonReply(200, { count, max_model_len: 8192, tokens });
};

const metrics: Route = async (engine) => {
  const slow = engine.fault('slow-metrics');
  if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, slow.delayMs));
  return textReply(200, engine.metrics.page(engine.gauges()), expositionContentType);
};

const always: Readonly<Record<string, Route>> = {
  'POST /v1/completions': complete,
  // The API server lives while the core hangs, so this says nothing about progress.
  'GET /health': () => empty(),
  'GET /ping': () => empty(),
  'GET /version': (_engine, _request, options) =>
    jsonReply(200, { version: `0.10.0+fleet.${options.release}` }),
  'GET /v1/models': models,
  'GET /metrics': metrics,
  'GET /load': (engine) => jsonReply(200, { server_load: engine.load() }),
  'POST /tokenize': tokenize,
};

const devModeOnly: Readonly<Record<string, Route>> = {
  'POST /reset_prefix_cache': (engine) => {
    engine.resetPrefixCache();
    return empty();
  },
  'POST /reset_mm_cache': () => empty(),
  'POST /sleep': (engine) => {
    engine.sleep();
    return empty();
  },
  'POST /wake_up': (engine) => {
    engine.wake();
    return empty();
  },
  'GET /is_sleeping': (engine) => jsonReply(200, { is_sleeping: engine.isSleeping() }),
  'POST /pause': (engine, request) => {
    engine.pause(request.query.get('mode') ?? 'abort');
    return jsonReply(200, { status: 'paused' });
  },
  'POST /resume': (engine) => {
    engine.resume();
    return jsonReply(200, { status: 'resumed' });
  },
  'GET /is_paused': (engine) => jsonReply(200, { is_paused: engine.isPaused() }),
  'GET /server_info': (engine, _request, options) =>
    jsonReply(200, {
      aphrodite_config: { model: engine.modelName, release: options.release, block_size: 16 },
    }),
  'POST /v1/load_lora_adapter': (engine, request) => {
    const name = loraName(request);
    if (name === undefined) return jsonReply(400, { error: 'lora_name: expected a name' });
    engine.loras.add(name);
    return textReply(200, `Success: LoRA adapter '${name}' added successfully.`);
  },
  'POST /v1/unload_lora_adapter': (engine, request) => {
    const name = loraName(request);
    if (name === undefined) return jsonReply(400, { error: 'lora_name: expected a name' });
    if (!engine.loras.delete(name)) {
      return jsonReply(404, { error: `The lora adapter '${name}' cannot be found.` });
    }
    return textReply(200, `Success: LoRA adapter '${name}' removed successfully.`);
  },
};

/** Handlers that prometheus-fastapi-instrumentator leaves out, as Aphrodite configures it. */
const unmeasured = new Set(['/metrics', '/health', '/load', '/ping', '/version', '/server_info']);

/** The engine's HTTP endpoints. While the unreachable fault holds, nothing is ever answered. */
export function engineApi(engine: Engine, options: EngineApiOptions): ServiceHandler {
  const routes: Readonly<Record<string, Route>> = options.devMode
    ? { ...always, ...devModeOnly }
    : always;
  return async (request) => {
    if (engine.fault('unreachable') !== undefined) return 'hang';
    const startedAtMs = performance.now();
    const route = routes[`${request.method} ${request.path}`];
    if (route === undefined) return jsonReply(404, { detail: 'Not Found' });
    const reply = await route(engine, request, options);
    if (reply !== 'hang' && !unmeasured.has(request.path)) {
      const durationMs = performance.now() - startedAtMs;
      engine.metrics.recordHttp(request.path, request.method, reply.status, durationMs);
    }
    return reply;
  };
}
