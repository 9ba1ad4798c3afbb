import { Outbox } from './deliver.js';
import type { Delivered, NotificationInput } from './notify-messages.js';

/**
 * Tells people one thing through several channels, each with its fallbacks; none waits for another.
 * Returns how each went, in the order of `channels`.
 */
export async function notification(input: NotificationInput): Promise<readonly Delivered[]> {
  const outbox = new Outbox();
  return Promise.all(input.channels.map((name) => outbox.send(name, input.notification)));
}
