import { Cron } from 'croner';
import { z } from 'zod';
import { DEFAULT_COOLDOWN_MS, type Mode } from '../domain/monitor/mode.js';
import { SEVERITIES } from '../domain/sla/severity.js';
import { duration, durationOrZero, durationText } from './duration.js';

const timing = (mode: Mode) => {
  return z
    .strictObject({
      /** Least time between two alerts of one fingerprint and kind; 0s for none. */
      alertCooldown: durationOrZero.prefault(durationText(DEFAULT_COOLDOWN_MS[mode])),
    })
    .prefault({});
};

const level = z.strictObject({
  /** Since the first page, while nobody acknowledges. */
  after: durationOrZero,
  /** Names of notifiers. */
  channels: z.array(z.string()).min(1),
});

/** A window of maintenance that comes again. */
const window = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, 'expected letters, digits, "_", "-" or "."'),
  /** When it begins: minute, hour, day of month, month, day of week. */
  cron: z.string().refine(isCron, 'expected five fields like "0 3 * * 0"'),
  /** IANA name of the zone that `cron` is read in. */
  timeZone: z.string().default('UTC'),
  /** How long it lasts. */
  for: duration,
  reason: z.string().min(1).default('scheduled maintenance'),
});
export type MaintenanceWindow = z.output<typeof window>;

/** Modes, alerts and who hears of them. */
export const monitorSchema = z
  .strictObject({
    modes: z
      .strictObject({
        normal: timing('normal'),
        'high-alert': timing('high-alert'),
        emergency: timing('emergency'),
        maintenance: timing('maintenance'),
      } satisfies Record<Mode, unknown>)
      .prefault({}),
    grouping: z
      .strictObject({
        /** An incident that opens within this time of its service's last page joins it; 0s: never. */
        within: durationOrZero.prefault('5m'),
        /** Those who joined are told of together, at most so often. */
        every: durationOrZero.prefault('1m'),
      })
      .prefault({}),
    flapping: z
      .strictObject({
        /** Opened more often than this within `within`, a violation must hold for `hold` to be told. */
        opens: z.int().min(1).default(3),
        within: duration.prefault('1h'),
        hold: durationOrZero.prefault('10m'),
      })
      .prefault({}),
    escalation: z
      .strictObject({
        /** Who is told, and who after how long without an acknowledgement; empty: all at once. */
        levels: z.array(level).default([]),
        /** Least severity that climbs because nobody acknowledged. */
        from: z.enum(SEVERITIES).default('major'),
      })
      .prefault({}),
    outage: z
      .strictObject({
        /** While Temporal does not answer for so long, the detector tells people itself. */
        pageAfter: durationOrZero.prefault('30s'),
      })
      .prefault({}),
    /** Times without notifications and automatic actions; detection goes on. */
    maintenance: z.array(window).default([]),
    /** Base of links in messages; the server's own address where left out. */
    publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  })
  .superRefine(({ escalation, maintenance }, context) => {
    escalation.levels.forEach(({ after }, index) => {
      const before = escalation.levels[index - 1]?.after ?? -1;
      if (after > before) return;
      context.addIssue({
        code: 'custom',
        path: ['escalation', 'levels', index, 'after'],
        message: 'expected a longer wait than that of the level before',
      });
    });
    maintenance.forEach(({ name, timeZone }, index) => {
      if (maintenance.findIndex((w) => w.name === name) !== index) {
        const path = ['maintenance', index, 'name'];
        context.addIssue({ code: 'custom', path, message: `duplicate name "${name}"` });
      }
      if (isTimeZone(timeZone)) return;
      const message = `expected an IANA time zone like "Europe/Vienna", got "${timeZone}"`;
      context.addIssue({ code: 'custom', path: ['maintenance', index, 'timeZone'], message });
    });
  });

function isCron(text: string): boolean {
  try {
    return (
      new Cron(text, { paused: true }).nextRun() !== null && text.trim().split(/\s+/).length === 5
    );
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
