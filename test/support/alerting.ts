import type { Alerting } from '../../src/activities/contract.js';

/** No cooldown, no grouping, no damping, and nobody to tell: for tests of other things. */
export const QUIET: Alerting = {
  policy: {
    cooldownMs: { normal: 0, 'high-alert': 0, emergency: 0, maintenance: 0 },
    grouping: { withinMs: 0, everyMs: 0 },
    flapping: { opens: 1_000, withinMs: 1_000, holdMs: 0 },
  },
  escalation: { levels: [{ afterMs: 0, channels: [] }], from: 'major' },
  publicUrl: 'http://127.0.0.1:2242',
};
