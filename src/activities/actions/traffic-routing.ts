import { z } from 'zod';
import { defineAction, type ActContext } from './action.js';
import { balancerOf, currentServer } from './balancer.js';
import { findServer, refusal } from './server-target.js';

const setting = z.object({
  backend: z.string(),
  server: z.string(),
  admin: z.enum(['ready', 'drain', 'maint']),
});
const state = z.object({ before: setting, desired: setting });
type Setting = z.output<typeof setting>;

async function setAdmin(
  context: ActContext,
  wanted: Setting,
  expected: Setting['admin'],
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

/** Routes new requests around a replica: it finishes what it has, and gets nothing new. */
export const trafficRouting = defineAction({
  name: 'traffic_routing',
  state,
  settleMs: 3_000,
  timeoutMs: 15_000,
  async prepare(context) {
    const found = await findServer(context);
    if (found.kind !== 'found') return found;
    const { backend, server, replica, times } = found;
    if (server.admin !== 'ready') {
      return { kind: 'skip', why: `${backend}/${server.name} is in ${server.admin} already` };
    }
    const why = refusal(context, found);
    if (why !== undefined) return { kind: 'refuse', why };
    const at = { backend, server: server.name };
    const worse = times > 1 ? `, ${times.toFixed(1)} × as bad as its peers` : '';
    return {
      kind: 'ready',
      before: { ...at, admin: server.admin },
      desired: { ...at, admin: 'drain' as const },
      line: `route requests around ${replica}${worse}: set server ${backend}/${server.name} state drain`,
      undoLine: `set server ${backend}/${server.name} state ${server.admin}`,
    };
  },
  apply: (context, { before, desired }) => setAdmin(context, desired, before.admin),
  undo: (context, { before, desired }) => setAdmin(context, before, desired.admin),
});
