import { z } from 'zod';
import { url } from '../adapters/notifiers/settings.js';
import { secretReference } from '../adapters/actuators/settings.js';
import { duration } from './duration.js';

/** An external dead-man's switch: it raises the alarm when nobody tells it any more that we work. */
export const heartbeatSchema = z.strictObject({
  /** Called by GET; a secret where its path is one, as it is with most such services. */
  url: z.union([url, secretReference], {
    error: 'expected a URL, or { env: NAME } or { file: PATH }',
  }),
  /** Time between two calls; set the switch to a few times that. */
  period: duration.prefault('60s'),
});
