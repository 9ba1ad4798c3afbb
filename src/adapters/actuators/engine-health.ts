import { z } from 'zod';
import { AdapterError, type EngineHealth } from '../../domain/ports.js';
import { parseReply, statusError, type HttpReply } from '../http.js';
import { callEngine, type EngineAccess } from './engine-http.js';

/** Time limits of the health probe. */
export interface ProbeLimits {
  /** For `/health` and other answers of the API server, which a busy core does not delay. */
  readonly timeoutMs: number;
  /** For the completion of one token, which waits its turn in the queue. */
  readonly completionTimeoutMs: number;
}

const modelList = z.object({ data: z.array(z.object({ id: z.string() })) });
const completionReply = z.object({ choices: z.array(z.unknown()).min(1) });

/** Model names that the engine serves, its base model first and LoRA adapters after it. */
export async function readModels(
  access: EngineAccess,
  replica: string,
  timeoutMs: number,
): Promise<readonly string[]> {
  const call = { method: 'GET', path: '/v1/models', timeoutMs } as const;
  const reply = await callEngine(access, replica, call);
  const where = { method: call.method, url: `${await access.baseUrl(replica)}${call.path}` };
  if (reply.status !== 200) throw statusError(where, reply);
  return parseReply(where, reply, (value) => modelList.parse(value)).data.map(({ id }) => id);
}

/** Refusals say nothing about the core: taking them for a hang would restart a healthy engine. */
function throwIfRefused(replica: string, reply: HttpReply): void {
  if (reply.status < 400 || reply.status > 499 || reply.status === 408) return;
  const error = statusError({ method: 'POST', url: `http://${replica}/v1/completions` }, reply);
  throw new AdapterError(
    error.reason,
    `engine "${replica}": the probe was refused: ${error.message}`,
  );
}

async function probeCompletion(
  access: EngineAccess,
  replica: string,
  limits: ProbeLimits,
): Promise<{ completes: boolean; detail: string }> {
  try {
    const [model] = await readModels(access, replica, limits.timeoutMs);
    if (model === undefined) return { completes: false, detail: 'no model is loaded' };
    const reply = await callEngine(access, replica, {
      method: 'POST',
      path: '/v1/completions',
      // A fixed prompt of one word costs one block at most, and the prefix cache keeps it.
      body: { model, prompt: 'ping', max_tokens: 1, temperature: 0 },
      timeoutMs: limits.completionTimeoutMs,
    });
    throwIfRefused(replica, reply);
    if (reply.status !== 200) return { completes: false, detail: `completion: ${reply.status}` };
    const isWhole = completionReply.safeParse(JSON.parse(reply.text)).success;
    return isWhole
      ? { completes: true, detail: '' }
      : { completes: false, detail: 'completion: 200 without a choice' };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { completes: false, detail: 'completion: 200 with something other than JSON' };
    }
    if (!(error instanceof AdapterError)) throw error;
    // The two that a sick engine causes; all others are ours or the config's to mend.
    if (error.reason !== 'timeout' && error.reason !== 'unreachable') throw error;
    return { completes: false, detail: `completion: ${error.message}` };
  }
}

/**
 * Probes an engine: `/health`, and if that answers a completion of one token, because `/health` is
 * 200 on a hung core. An engine that does not answer is a result, not an error.
 *
 * `latencyMs` is how long the deepest probe that was made took.
 *
 * @throws AdapterError `unauthorized`, `rejected`, `not-found`, `rate-limited`: the probe itself
 * was refused, which says nothing about the engine's health.
 */
export async function probeHealth(
  access: EngineAccess,
  replica: string,
  limits: ProbeLimits,
): Promise<EngineHealth> {
  const startedAtMs = performance.now();
  const sinceStartMs = (from: number): number => Math.round(performance.now() - from);
  let problem: string | undefined;
  try {
    const { timeoutMs } = limits;
    const { status } = await callEngine(access, replica, {
      method: 'GET',
      path: '/health',
      timeoutMs,
    });
    if (status !== 200) problem = `/health answered ${status}`;
  } catch (error) {
    if (!(error instanceof AdapterError) || error.reason === 'not-found') throw error;
    problem = error.message;
  }
  if (problem !== undefined) {
    const latencyMs = sinceStartMs(startedAtMs);
    return { isServing: false, completes: false, latencyMs, detail: problem };
  }
  const probedAtMs = performance.now();
  const completion = await probeCompletion(access, replica, limits);
  return { isServing: true, ...completion, latencyMs: sinceStartMs(probedAtMs) };
}
