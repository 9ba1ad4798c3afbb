import { z } from 'zod';
import { balancerOf, currentServer } from './balancer.js';
import type { ActContext } from './action.js';

/** A server of a backend, and what is asked of it. */
export const adminSetting = z.object({
  backend: z.string(),
  server: z.string(),
  admin: z.enum(['ready', 'drain', 'maint']),
});
export type AdminSetting = z.output<typeof adminSetting>;

/**
 * Asks a server for a state if it is still in the one expected; says in words what changed. What
 * somebody else set since is left alone.
 */
export async function setAdmin(
  context: ActContext,
  wanted: AdminSetting,
  expected: AdminSetting['admin'],
): Promise<string> {
  const where = `${wanted.backend}/${wanted.server}`;
  const now = await currentServer(context, wanted);
  if (now === undefined) return `${where} is gone`;
  if (now.admin === wanted.admin) return `${where} is in ${wanted.admin} already`;
  if (now.admin !== expected) {
    return `${where} is in ${now.admin}, set by somebody else since: left alone`;
  }
  await context.fence();
  await balancerOf(context).setAdmin(wanted.backend, wanted.server, wanted.admin);
  return `${where} ${now.admin} → ${wanted.admin}`;
}
