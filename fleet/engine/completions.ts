import {
  jsonReply,
  readJsonObject,
  type ServiceReply,
  type ServiceRequest,
} from '../base/http-service.js';
import type { Engine } from './engine.js';
import { prefixHashes } from './kv-cache.js';
import { charactersPerToken } from './profile.js';
import type { SequenceResult } from './sequence.js';

/** The default of the OpenAI API. */
const defaultMaxTokens = 16;

function refusal(status: number, type: string, message: string): ServiceReply {
  return jsonReply(status, { error: { message, type, param: null, code: status } });
}

function completion(engine: Engine, sequence: number, result: SequenceResult): ServiceReply {
  const { promptTokens, generatedTokens } = result;
  return jsonReply(200, {
    id: `cmpl-${process.pid}-${sequence}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: engine.modelName,
    choices: [
      {
        index: 0,
        text: ' echo'.repeat(generatedTokens),
        logprobs: null,
        finish_reason: result.reason,
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: generatedTokens,
      total_tokens: promptTokens + generatedTokens,
    },
  });
}

let completionCount = 0;

/**
 * `POST /v1/completions`: `prompt` (a string), `max_tokens`; answers when the last token is there.
 * 400 for a bad body, 500 when the erroring fault or the release's error ratio strikes,
 * 503 for a request that was aborted from outside.
 */
export function complete(
  engine: Engine,
  request: ServiceRequest,
): ServiceReply | Promise<ServiceReply> {
  const body = readJsonObject(request.body);
  const prompt = body?.['prompt'];
  const maxTokens = body?.['max_tokens'] ?? defaultMaxTokens;
  if (typeof prompt !== 'string' || prompt === '') {
    return refusal(400, 'BadRequestError', 'prompt: expected a string that is not empty');
  }
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 1) {
    return refusal(400, 'BadRequestError', 'max_tokens: expected a whole number of at least 1');
  }
  if (body?.['stream'] === true) {
    return refusal(
      400,
      'BadRequestError',
      'stream: the reference engine answers whole completions',
    );
  }
  if (engine.drawsError()) {
    engine.metrics.recordError();
    return refusal(
      500,
      'InternalServerError',
      'CUDA error: an illegal memory access was encountered',
    );
  }
  completionCount += 1;
  const sequence = completionCount;
  return new Promise((resolve) => {
    const abort = engine.submit({
      hashes: prefixHashes(prompt),
      promptTokens: Math.ceil(prompt.length / charactersPerToken),
      maxTokens,
      finish: (result) =>
        resolve(
          result.reason === 'length'
            ? completion(engine, sequence, result)
            : refusal(503, 'ServiceUnavailableError', `the request ended as ${result.reason}`),
        ),
    });
    request.onAbort(abort);
  });
}
