import type { Channel } from '../activities/notify.js';
import type { Config } from '../config/schema.js';

/** Makes the configured channels, by name. No I/O; close each channel's notifier at the end. */
export function createChannels(config: Pick<Config, 'channels'>): ReadonlyMap<string, Channel> {
  return new Map(
    Object.entries(config.channels).map(([name, { create, kinds, fallback, fallbackAfterMs }]) => [
      name,
      { name, notifier: create(), kinds, fallback, fallbackAfterMs },
    ]),
  );
}
