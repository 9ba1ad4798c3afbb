import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { Reload } from '../detector/threshold-api.js';
import type { ThresholdBook } from '../detector/threshold-book.js';
import type { DetectorCounters } from './detector-counters.js';
import type { Role } from './role.js';

/**
 * Reads the configuration anew and puts its thresholds into force, all or none. What else has changed
 * in the file is said, since only a restart takes it up.
 */
export function createReload(
  { config, reload, log }: Pick<Role, 'config' | 'reload' | 'log'>,
  book: ThresholdBook,
  counters: DetectorCounters,
): Reload {
  return async (options) => {
    let fresh: Config;
    try {
      fresh = reload();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      counters.reloads.add({ result: 'refused' });
      log.error({ problems: error.message }, 'configuration refused: the thresholds stay');
      const problems = error.problems.map(({ line, path, message }) => ({
        path: `${error.file}:${line} ${path}`.trim(),
        message,
      }));
      return { status: 'refused', problems };
    }
    const change = await book.rebase(fresh.thresholds, options);
    if (change.status === 'refused') {
      counters.reloads.add({ result: 'refused' });
      log.error({ problems: change.problems }, 'thresholds refused: those before stay in force');
      return change;
    }
    counters.reloads.add({ result: 'ok' });
    log.info({ changed: change.names }, 'thresholds reloaded');
    const waiting = (Object.keys(fresh) as (keyof Config)[]).filter(
      (key) => key !== 'thresholds' && JSON.stringify(fresh[key]) !== JSON.stringify(config[key]),
    );
    if (waiting.length > 0)
      log.warn({ sections: waiting }, 'changed, but in force after a restart');
    return change;
  };
}
