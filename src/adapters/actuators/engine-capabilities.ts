import type { EngineCapability } from '../../domain/ports.js';
import { callEngine, type EngineAccess, type EngineCall } from './engine-http.js';

interface Probe {
  readonly capability: EngineCapability;
  readonly call: Pick<EngineCall, 'method' | 'path' | 'body'>;
  /** Statuses that only an engine with that endpoint gives. */
  readonly offeredAt: readonly number[];
}

/**
 * None of these changes anything: state is only read, and what is posted lacks its required
 * fields. `GET` on an endpoint for `POST` is 405 where it exists (FastAPI) and 404 where it doesn't;
 * `/is_sleeping` is registered under the same condition as `/reset_prefix_cache`.
 */
const PROBES: readonly Probe[] = [
  {
    capability: 'reset-prefix-cache',
    call: { method: 'GET', path: '/reset_prefix_cache' },
    offeredAt: [405],
  },
  {
    capability: 'reset-prefix-cache',
    call: { method: 'GET', path: '/is_sleeping' },
    offeredAt: [200],
  },
  { capability: 'sleep', call: { method: 'GET', path: '/is_sleeping' }, offeredAt: [200] },
  { capability: 'pause', call: { method: 'GET', path: '/is_paused' }, offeredAt: [200] },
  {
    capability: 'lora',
    call: { method: 'POST', path: '/v1/load_lora_adapter', body: {} },
    offeredAt: [400, 422],
  },
  { capability: 'completion', call: { method: 'GET', path: '/v1/models' }, offeredAt: [200] },
];

/**
 * Asks an engine what it offers now; endpoints that answer anything but their own statuses
 * (404 outside development mode, 401 with a wrong key) are not offered.
 *
 * @throws AdapterError `unreachable` or `timeout` when it does not answer: that is not "nothing".
 */
export async function probeCapabilities(
  access: EngineAccess,
  replica: string,
  timeoutMs: number,
): Promise<ReadonlySet<EngineCapability>> {
  const answers = await Promise.all(
    PROBES.map(async ({ capability, call, offeredAt }) => {
      const { status } = await callEngine(access, replica, { ...call, timeoutMs });
      return offeredAt.includes(status) ? [capability] : [];
    }),
  );
  return new Set(answers.flat());
}
