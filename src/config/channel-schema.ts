import { z } from 'zod';
import { NOTIFIERS } from '../adapters/notifiers/index.js';
import type { Inbound, NotifierKind } from '../adapters/notifiers/notifier.js';
import { NOTIFICATION_KINDS, type NotificationKind } from '../domain/notification.js';
import type { Notifier } from '../domain/ports.js';
import { duration } from './duration.js';
import { adoptIssues, refuseKind } from './plugin-issues.js';

/** A configured channel: what all have, and how to make its notifier of the settings validated. */
export interface ConfiguredChannel {
  readonly kind: string;
  /** What it is told; never a kind that its protocol can't express. */
  readonly kinds: readonly NotificationKind[];
  readonly fallback: string | undefined;
  readonly fallbackAfterMs: number;
  readonly create: () => Notifier;
  /** How its buttons come back to us, where it has some. */
  readonly inbound: Inbound | undefined;
}

/** What every channel may have beside its kind's own keys. */
const common = z.object({
  /** Kinds of notification that it takes; those that its protocol can express where left out. */
  kinds: z.array(z.enum(NOTIFICATION_KINDS)).min(1).optional(),
  /** The channel that takes over when this one can't deliver. */
  fallback: z.string().optional(),
  /** How long this one is tried first. Without a fallback it is tried for a day. */
  fallbackAfter: duration.default(120_000),
});

/** One entry of `channels`: a kind, what all have, and that kind's own keys, validated by its schema. */
const channelSchema = common
  .extend({ kind: z.string() })
  .loose()
  .transform(
    ({ kind, kinds, fallback, fallbackAfter, ...settings }, context): ConfiguredChannel => {
      for (const notifier of NOTIFIERS) {
        if (notifier.kind !== kind) continue;
        const parsed = notifier.schema.safeParse(settings);
        if (!parsed.success) {
          adoptIssues(parsed.error, context, settings);
          return z.NEVER;
        }
        // Each kind's schema gives what its own `create` takes; the union of all kinds hides that.
        const plugin: NotifierKind = notifier;
        const { takes } = plugin;
        return {
          kind,
          kinds: kinds === undefined ? takes : takes.filter((one) => kinds.includes(one)),
          fallback,
          fallbackAfterMs: fallbackAfter,
          create: () => plugin.create(parsed.data),
          inbound: plugin.inbound?.(parsed.data),
        };
      }
      refuseKind(kind, NOTIFIERS, context);
      return z.NEVER;
    },
  );

/** The `channels` section: ways to tell people, by name. Fallbacks exist, and don't run in circles. */
export const channelsSchema = z
  .record(z.string().regex(/^[\w.-]+$/, 'expected letters, digits, "_", "-" or "."'), channelSchema)
  .superRefine((channels, context) => {
    for (const [name, { fallback }] of Object.entries(channels)) {
      if (fallback === undefined) continue;
      const seen = [name];
      for (let at: string | undefined = fallback; at !== undefined; at = channels[at]?.fallback) {
        const isCircle = seen.includes(at);
        if (!isCircle && at in channels) {
          seen.push(at);
          continue;
        }
        const message = isCircle
          ? `fallbacks run in a circle: ${[...seen, at].join(' → ')}`
          : `no channel is named "${at}": expected one of ${Object.keys(channels).join(', ')}`;
        // A wrong name is told where it stands, a circle once for each of its members.
        if (isCircle ? at === name : seen.length === 1) {
          context.addIssue({ code: 'custom', path: [name, 'fallback'], message });
        }
        break;
      }
    }
  });
