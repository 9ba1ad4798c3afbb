import { detectorPlaces, ownersIn } from '../config/detectors.js';
import type { Config } from '../config/schema.js';
import { AdapterError } from '../domain/ports.js';

type History = ReturnType<Config['history']['create']>;

/**
 * The configured history. Where it is the detectors' own columns, a service's are asked of a detector
 * that watches it, and of the next one while that is away.
 */
export function createHistory(
  config: Pick<Config, 'history' | 'detector' | 'internalToken'>,
): History {
  const create = (url: string) => config.history.create(url, config.internalToken);
  const made = detectorPlaces(config).map(({ url }) => create(url));
  const ownersOf = ownersIn(config);
  return {
    async range(query) {
      let failure: unknown;
      for (const number of ownersOf(query.service)) {
        try {
          // There are as many as there are shards.
          return await made[number - 1]!.range(query);
        } catch (error) {
          if (!isAway(error)) throw error;
          failure ??= error;
        }
      }
      throw failure;
    },
    async close() {
      await Promise.all(made.map((history) => history.close()));
    },
  };
}

/** Whether another one that has the same may be asked in its place. */
function isAway(error: unknown): boolean {
  return (
    error instanceof AdapterError && (error.reason === 'unreachable' || error.reason === 'timeout')
  );
}
