import type { ActContext } from './action.js';
import { currentServer } from './balancer.js';
import { waitUntil } from './wait-until.js';

/**
 * Waits until a drained server has finished its requests. Returns how many it still serves when the
 * bound was reached: 0 when it has none, is gone, or the balancer does not tell.
 */
export async function drained(
  context: ActContext,
  at: { readonly backend: string; readonly server: string },
  withinMs: number,
): Promise<number> {
  let active = 0;
  await waitUntil(
    async () => {
      active = (await currentServer(context, at))?.activeRequests ?? 0;
      return active === 0 ? true : undefined;
    },
    { signal: context.signal, withinMs },
  );
  return active;
}
