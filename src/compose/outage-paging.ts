import path from 'node:path';
import { OutagePager } from '../detector/outage/pager.js';
import { alertingOf } from './alerting.js';
import { createChannels } from './channels.js';
import type { Share } from './neighbours.js';
import type { MonitorWatch } from './monitor-watch.js';
import type { Role } from './role.js';

/** The pager of the detector role, with the channels that it uses. */
export interface OutagePaging {
  readonly pager: OutagePager;
  stop(): Promise<void>;
}

/** Makes it: its channels are its own, with the configuration's settings. */
export function createOutagePaging(
  { config, log }: Pick<Role, 'config' | 'log'>,
  monitor: Pick<MonitorWatch, 'lastKnown'>,
  share: Pick<Share, 'leads'>,
): OutagePaging {
  const channels = createChannels(config);
  const { policy, escalation, publicUrl } = alertingOf(config);
  const pager = new OutagePager({
    ...{ channels, policy, escalation, publicUrl, now: Date.now },
    afterMs: config.monitor.outage.pageAfter,
    leads: (service) => share.leads(service),
    file: path.join(config.dataDir, 'pages.json'),
    known: () => {
      const { mode = 'normal', maintenance, silences = [] } = monitor.lastKnown() ?? {};
      const isOver = maintenance !== undefined && maintenance.untilMs <= Date.now();
      return isOver
        ? { mode: 'normal', maintenance: undefined, silences }
        : { mode, maintenance, silences };
    },
    onPage: ({ fingerprint, severity }, kind) =>
      log.warn({ fingerprint, severity, kind }, 'told people directly: Temporal is away'),
    onProblem: (what, error) => log.warn({ err: error }, `${what} failed; it is tried again`),
  });
  return {
    pager,
    async stop() {
      await Promise.all([...channels.values()].map(({ notifier }) => notifier.close()));
    },
  };
}
