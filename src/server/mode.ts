import { z } from 'zod';
import { LENGTH_OF_TIME, lengthMsOf } from '../domain/length-of-time.js';
import { MODES } from '../domain/monitor/mode.js';
import { NEW_MONITOR, type MonitorView } from '../domain/monitor/monitor-state.js';
import type { Monitor } from './monitor.js';
import type { Topic } from './event-hub.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { byAndReason, instant, iso } from './shapes.js';

/** A window of maintenance that comes again, and when it next does. */
export interface ScheduledWindow {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly reason: string;
  /** The one that is under way, or the next; undefined when there is none. */
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** A length of time or an instant; the earlier fields of `PUT` bodies. */
export const untilShape = {
  until: instant.optional(),
  for: z.string().regex(LENGTH_OF_TIME, 'expected a length of time like "2h"').optional(),
};

/** Both as workflows take them. */
export function untilOf(given: { until?: string | undefined; for?: string | undefined }): {
  readonly untilMs?: number;
  readonly forMs?: number;
} {
  if (given.until !== undefined) return { untilMs: Date.parse(given.until) };
  return given.for === undefined ? {} : { forMs: lengthMsOf(given.for) };
}

interface ModeParts {
  readonly monitor: Monitor;
  readonly schedule: () => readonly ScheduledWindow[];
}

const order = z.object({ by: z.string(), reason: z.string() });
const modeShape = z
  .object({
    mode: z.enum(MODES),
    since: instant.nullable(),
    why: z.string(),
    automatic: z.enum(MODES).meta({ description: 'what the rule says, whatever covers it' }),
    held: order.extend({ mode: z.enum(MODES), until: instant.nullable() }).nullable(),
    killSwitch: order.extend({ isOn: z.boolean(), at: instant.nullable() }),
    maintenance: order.extend({ since: instant, until: instant }).nullable(),
    schedule: z.array(
      z.object({
        name: z.string(),
        cron: z.string(),
        timeZone: z.string(),
        reason: z.string(),
        from: instant.nullable(),
        until: instant.nullable(),
      }),
    ),
  })
  .meta({ id: 'Mode' });

function modeJson(view: MonitorView, schedule: readonly ScheduledWindow[]) {
  const { mode, automatic, why, sinceMs, killSwitch, maintenance, held } = view;
  const { isOn, by, reason, atMs } = killSwitch;
  return {
    ...{ mode, automatic, why },
    since: sinceMs === 0 ? null : iso(sinceMs),
    held:
      held === undefined
        ? null
        : { mode: held.mode, by: held.by, reason: held.reason, until: iso(held.untilMs) },
    killSwitch: { isOn, by, reason, at: atMs === 0 ? null : iso(atMs) },
    maintenance:
      maintenance === undefined
        ? null
        : {
            ...{ by: maintenance.by, reason: maintenance.reason },
            ...{ since: iso(maintenance.sinceMs), until: iso(maintenance.untilMs) },
          },
    schedule: schedule.map(({ name, cron, timeZone, reason: because, fromMs, untilMs }) => ({
      ...{ name, cron, timeZone, reason: because, from: iso(fromMs), until: iso(untilMs) },
    })),
  };
}

/** The mode, for live updates. */
export function modeTopic({ monitor, schedule }: ModeParts): Topic {
  return {
    event: 'mode',
    async read() {
      // `/health/production` says that Temporal does not answer; here nothing is told of it.
      const view = await monitor.view().catch(() => null);
      return new Map(view === null ? [] : [['now', modeJson(view ?? NEW_MONITOR, schedule())]]);
    },
  };
}

/** `GET` and `PUT /v1/mode`. */
export function modeRoutes(parts: ModeParts): Operation[] {
  const { monitor, schedule } = parts;
  const tag = 'mode';
  return [
    operation({
      id: 'getMode',
      method: 'get',
      path: '/v1/mode',
      tag,
      summary: 'The mode, why, and what of maintenance and kill switch is in force',
      role: 'viewer',
      answer: modeShape,
      handle: async () => ({ body: modeJson((await monitor.view()) ?? NEW_MONITOR, schedule()) }),
    }),
    operation({
      id: 'setMode',
      method: 'put',
      path: '/v1/mode',
      tag,
      summary: 'Enters maintenance, holds a mode, or (auto) gives it back to the rule',
      description:
        'Maintenance needs an end (`until` or `for`), and ends by it or by `auto`. A held mode may have one.',
      role: 'operator',
      body: z.strictObject({
        ...byAndReason,
        ...untilShape,
        mode: z.enum(['auto', ...MODES]),
      }),
      answer: modeShape,
      audit: { line: ({ body }) => ({ what: `mode ${body.mode}`, target: '*' }) },
      async handle({ body, by }) {
        const { mode, reason = '' } = body;
        const ask = { by, reason, ...untilOf(body) };
        if (mode === 'maintenance') {
          if (body.until === undefined && body.for === undefined) {
            const why = 'until or for: maintenance needs an end, like {"for": "2h"}';
            throw new Problem(400, 'Not understood', why);
          }
          const view = await monitor.setMaintenance({ on: true, ...ask });
          return { body: modeJson(view, schedule()) };
        }
        if (mode === 'auto') await monitor.setMaintenance({ on: false, by, reason });
        return { body: modeJson(await monitor.setMode({ mode, ...ask }), schedule()) };
      },
    }),
  ];
}
