import { detectorPlaces, ownersIn } from '../config/detectors.js';
import type { Config } from '../config/schema.js';
import {
  createDetectorClient,
  type DetectorClient,
  type PartClient,
} from '../server/detector-client.js';
import { createShardedDetectors } from '../server/sharded-detectors.js';

/** The configured detectors by their numbers; `token` is what the roles show each other. */
export function detectorClients(
  config: Pick<Config, 'detector'>,
  token: string | undefined,
): ReadonlyMap<number, PartClient> {
  return new Map(
    detectorPlaces(config).map(({ number, url }) => [number, createDetectorClient(url, token)]),
  );
}

/** The detector, or several as one. */
export function createDetectors(
  config: Pick<Config, 'detector' | 'services'>,
  token: string | undefined,
): DetectorClient {
  const clients = detectorClients(config, token);
  const [only] = clients.values();
  if (only !== undefined && config.detector.shards === undefined) return only;
  return createShardedDetectors({
    clients,
    services: config.services.map(({ name }) => name),
    ownersOf: ownersIn(config),
    nameOf: (number) => `detector-${number}`,
    nowMs: Date.now,
  });
}
