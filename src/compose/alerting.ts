import type { Alerting } from '../activities/contract.js';
import type { Config } from '../config/schema.js';
import { MODES, type Mode } from '../domain/monitor/mode.js';

/** How alerts are decided and whom they reach: without levels, everybody at once. */
export function alertingOf(config: Config): Alerting {
  const { modes, grouping, flapping, escalation, publicUrl } = config.monitor;
  const everybody = { afterMs: 0, channels: Object.keys(config.channels) };
  const levels = escalation.levels.map(({ after, channels }) => ({ afterMs: after, channels }));
  const cooldownMs = Object.fromEntries(
    MODES.map((mode) => [mode, modes[mode].alertCooldown]),
  ) as Record<Mode, number>;
  const base = publicUrl ?? `http://${config.server.host}:${config.server.port}`;
  return {
    policy: {
      cooldownMs,
      grouping: { withinMs: grouping.within, everyMs: grouping.every },
      flapping: { opens: flapping.opens, withinMs: flapping.within, holdMs: flapping.hold },
    },
    escalation: { levels: levels.length === 0 ? [everybody] : levels, from: escalation.from },
    publicUrl: base.replace(/\/+$/, ''),
  };
}
