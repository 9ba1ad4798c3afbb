import { z } from 'zod';
import { defineAction } from './action.js';
import { adminSetting, setAdmin } from './server-admin.js';
import { findServer, refusal, worseThanPeers } from './server-target.js';

const state = z.object({ before: adminSetting, desired: adminSetting });

/** Routes new requests around a replica: it finishes what it has, and gets nothing new. */
export const trafficRouting = defineAction({
  name: 'traffic_routing',
  state,
  settleMs: 3_000,
  timeoutMs: 15_000,
  async prepare(context) {
    const found = await findServer(context);
    if (found.kind !== 'found') return found;
    const { backend, server, replica } = found;
    if (server.admin !== 'ready') {
      return { kind: 'skip', why: `${backend}/${server.name} is in ${server.admin} already` };
    }
    const why = refusal(context, found, server.name);
    if (why !== undefined) return { kind: 'refuse', why };
    const at = { backend, server: server.name };
    return {
      kind: 'ready',
      before: { ...at, admin: server.admin },
      desired: { ...at, admin: 'drain' as const },
      line: `route requests around ${replica}${worseThanPeers(found)}: set server ${backend}/${server.name} state drain`,
      undoLine: `set server ${backend}/${server.name} state ${server.admin}`,
    };
  },
  apply: (context, { before, desired }) => setAdmin(context, desired, before.admin),
  undo: (context, { before, desired }) => setAdmin(context, before, desired.admin),
});
