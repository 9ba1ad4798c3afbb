import { z } from 'zod';
import type { Incidents } from './incidents.js';
import { operation, type Operation } from './operation.js';
import { byAndReason } from './shapes.js';

/** `POST /v1/kill-switch`: stops, or allows again, every action of every recovery. */
export function killSwitchRoutes(incidents: Pick<Incidents, 'setKillSwitch'>): Operation[] {
  return [
    operation({
      id: 'setKillSwitch',
      method: 'post',
      path: '/v1/kill-switch',
      tag: 'mode',
      summary: 'Stops, or allows again, every action of every recovery',
      description: 'Owed undos are still done while it is on.',
      role: 'operator',
      body: z.strictObject({ ...byAndReason, on: z.boolean() }),
      answer: z
        .object({ isOn: z.boolean(), by: z.string(), reason: z.string(), atMs: z.number() })
        .meta({ id: 'KillSwitch' }),
      audit: {
        line: ({ body }) => ({ what: `kill-switch ${body.on ? 'on' : 'off'}` }),
      },
      handle: async ({ body: { on, reason = '' }, by }) => ({
        body: await incidents.setKillSwitch({ on, by, reason }),
      }),
    }),
  ];
}
