import path from 'node:path';
import { shardsOf, type ShardPlace } from '../domain/shards.js';
import type { ConfiguredSource } from './source-schema.js';
import type { Config, ServiceConfig } from './schema.js';

/** One detector of the configuration: where it listens, and which services it watches. */
export interface DetectorPlace extends ShardPlace {
  /** `detector`, or where there are several `detector-2`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** The key that moves its port. */
  readonly setting: string;
  /** Whether it watches that service; also of one that no configuration names it is known. */
  readonly isOwn: (service: string) => boolean;
}

/** What of a configuration says which detectors there are. */
type Placed = Pick<Config, 'detector'>;

/** All detectors of a configuration, in order; one where none are listed. */
export function detectorPlaces(config: Placed): readonly DetectorPlace[] {
  const { host, port, shards } = config.detector;
  const listed = shards ?? [{ host, port }];
  const owners = ownersIn(config);
  return listed.map((address, index) => {
    const number = index + 1;
    return {
      ...{ number, of: listed.length, ...address },
      name: shards === undefined ? 'detector' : `detector-${number}`,
      url: `http://${address.host}:${address.port}`,
      setting: shards === undefined ? 'detector.port' : `detector.shards[${index}].port`,
      isOwn: (service) => shards === undefined || owners(service).includes(number),
    };
  });
}

/** Which detectors watch a service, by number; the first one first. */
export function ownersIn({ detector }: Placed): (service: string) => readonly number[] {
  const plan = { shards: detector.shards?.length ?? 1, copies: detector.copies };
  const known = new Map<string, readonly number[]>();
  return (service) => {
    const found = known.get(service) ?? shardsOf(service, plan);
    known.set(service, found);
    return found;
  };
}

/**
 * The detector that is to be run.
 *
 * @throws Error that says how to start it where `asked` is none of the configuration's.
 */
export function choosePlace(config: Placed, asked: ShardPlace | undefined): DetectorPlace {
  const places = detectorPlaces(config);
  const [only] = places;
  const isSharded = config.detector.shards !== undefined;
  const all = `--shard 1/${places.length} to ${places.length}/${places.length}`;
  if (asked === undefined) {
    if (!isSharded && only !== undefined) return only;
    throw new Error(`detector.shards lists ${places.length} detectors: say which this is, ${all}`);
  }
  const given = `--shard ${asked.number}/${asked.of}`;
  const found = places[asked.number - 1];
  if (found !== undefined && asked.of === places.length) return found;
  throw new Error(
    isSharded
      ? `detector.shards lists ${places.length} detectors: expected ${all}, got ${given}`
      : `the configuration has one detector: list all ${asked.of} under detector.shards, where the other roles find them; got ${given}`,
  );
}

/**
 * The configuration as a detector sees it: only the services that it watches, and their sources. One of
 * several has a folder of its own, which goes with its number: two on one machine share no file.
 */
export function configOf({ isOwn, name }: DetectorPlace, config: Config): Config {
  if (config.detector.shards === undefined) return config;
  return {
    ...config,
    dataDir: path.join(config.dataDir, name),
    services: config.services.filter(({ name }: ServiceConfig) => isOwn(name)),
    sources: config.sources.flatMap((source) => sourceOf(source, isOwn) ?? []),
  };
}

function sourceOf(
  source: ConfiguredSource,
  isOwn: (service: string) => boolean,
): ConfiguredSource | undefined {
  const services = source.services.filter(isOwn);
  if (services.length === 0) return undefined;
  return {
    ...{ kind: source.kind, services },
    create(context) {
      const whole = source.create(context);
      const pollers = whole.pollers.filter(({ target }) => isOwn(target.service));
      return { pollers, close: () => whole.close() };
    },
  };
}
