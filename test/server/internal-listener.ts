import { onTestFinished } from 'vitest';
import { listen } from '../../src/compose/http-listener.js';
import type { Detector } from '../../src/detector/detector.js';
import { createInternalApi, type InternalApiParts } from '../../src/detector/internal-api.js';
import { P95 } from '../detector/make-detector.js';
import { NO_HEALTH } from './server-parts.js';

/** What is not the same of every detector that tests listen to. */
interface Given extends Pick<InternalApiParts, 'metrics' | 'guard'> {
  readonly detector: Detector;
  readonly onError: (text: string) => void;
  readonly push: Pick<InternalApiParts['push'], 'services' | 'isOwn'>;
}

/** The internal API of a detector on a real socket, until the test ends or `stop`. */
export async function listenTo({ detector, onError, push, ...given }: Given) {
  const internal = createInternalApi({
    ...given,
    detector,
    push: {
      ...push,
      ...{ incidentTtlMs: 60_000, alertTtlMs: 60_000 },
      onMeasurements: () => undefined,
      onAlert: () => undefined,
      onTruncated: () => undefined,
    },
    breakers: () => [],
    health: () => Promise.resolve(NO_HEALTH),
    reload: ({ dropChanges }) => detector.thresholds.rebase([P95], { dropChanges }),
    onError: (error) => onError(String(error)),
    now: Date.now,
  });
  const listener = await listen(internal, { host: '127.0.0.1', port: 0, setting: 'none' });
  let isUp = true;
  const stop = async () => {
    if (isUp) await listener.stop();
    isUp = false;
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${listener.port}`, port: listener.port, stop };
}
