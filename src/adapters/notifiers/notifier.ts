import type { z } from 'zod';
import type { NotificationKind } from '../../domain/notification.js';
import type { Notifier } from '../../domain/ports.js';
import type { SecretReference } from '../actuators/settings.js';

/** What of a channel's other side may be asked of us in return. */
export interface Inbound {
  /** Where the secret is kept that signs its requests. */
  readonly signingSecret: SecretReference;
  /** Who of its people may press buttons, by their id there; empty for everybody who sees them. */
  readonly operators: readonly string[];
}

/** One kind of notifier: the plug-in's contract. `create` does no I/O. */
export interface NotifierKind<Schema extends z.ZodType = z.ZodType> {
  /** The config's `kind`, unique among notifiers. */
  readonly kind: string;
  /** Of its settings, without `kind` and what all channels have; strict. */
  readonly schema: Schema;
  /** The kinds of notification that its protocol can express; others are skipped. */
  readonly takes: readonly NotificationKind[];
  create(settings: z.output<Schema>): Notifier;
  /** How its buttons come back to us; absent for kinds that have none. */
  inbound?(settings: z.output<Schema>): Inbound | undefined;
}
