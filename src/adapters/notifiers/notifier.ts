import type { z } from 'zod';
import type { NotificationKind } from '../../domain/notification.js';
import type { Notifier } from '../../domain/ports.js';

/** One kind of notifier: the plug-in's contract. `create` does no I/O. */
export interface NotifierKind<Schema extends z.ZodType = z.ZodType> {
  /** The config's `kind`, unique among notifiers. */
  readonly kind: string;
  /** Of its settings, without `kind` and what all channels have; strict. */
  readonly schema: Schema;
  /** The kinds of notification that its protocol can express; others are skipped. */
  readonly takes: readonly NotificationKind[];
  create(settings: z.output<Schema>): Notifier;
}
