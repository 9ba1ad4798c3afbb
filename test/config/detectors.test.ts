import { describe, expect, it } from 'vitest';
import { SeriesTable } from '../../src/adapters/sources/series-table.js';
import { choosePlace, configOf, detectorPlaces, ownersIn } from '../../src/config/detectors.js';
import { ConfigError, parseConfig } from '../../src/config/load.js';

const parse = (value: object) => parseConfig(JSON.stringify(value), 'a.yaml', {});
const shards = (count: number) => Array.from({ length: count }, (_, i) => ({ port: 3001 + i }));
const NAMES = ['chat', 'search', 'embed', 'rerank', 'vision', 'audio'];
const services = NAMES.map((name) => ({
  name,
  replicas: [{ name: `${name}-1`, url: 'http://127.0.0.1:9' }],
}));

describe('detectorPlaces', () => {
  it('is the one detector, at its own address, where none are listed', () => {
    expect(detectorPlaces(parse({ detector: { port: 3000 } }))).toMatchObject([
      {
        number: 1,
        of: 1,
        name: 'detector',
        url: 'http://127.0.0.1:3000',
        setting: 'detector.port',
      },
    ]);
  });

  it('numbers those that are listed, each at its own address', () => {
    const host = 'detector-b';
    const config = parse({
      internalToken: { env: 'T' },
      detector: { shards: [{ port: 3001 }, { host, port: 3002 }] },
    });
    expect(detectorPlaces(config)).toMatchObject([
      { number: 1, of: 2, name: 'detector-1', url: 'http://127.0.0.1:3001' },
      {
        ...{ number: 2, of: 2, name: 'detector-2', url: 'http://detector-b:3002' },
        setting: 'detector.shards[1].port',
      },
    ]);
  });

  it.each([1, 2, 3])('gives each service to as many as there are copies: %i', (copies) => {
    const config = parse({ detector: { shards: shards(3), copies } });
    for (const name of [...NAMES, 'of-no-configuration']) {
      const own = detectorPlaces(config).filter(({ isOwn }) => isOwn(name));
      expect(own.map(({ number }) => number)).toEqual([...ownersIn(config)(name)].sort());
      expect(own).toHaveLength(copies);
    }
  });
});

describe('choosePlace', () => {
  const several = parse({ detector: { shards: shards(4) } });

  it('is the only one, with or without saying so', () => {
    const one = parse({});
    expect(choosePlace(one, undefined).number).toBe(1);
    expect(choosePlace(one, { number: 1, of: 1 }).number).toBe(1);
  });

  it('is the one that was asked for', () => {
    expect(choosePlace(several, { number: 3, of: 4 }).port).toBe(3003);
  });

  it.each([
    ['one of several without saying which', several, undefined, /lists 4 .*--shard 1\/4 to 4\/4/],
    [
      'another count',
      several,
      { number: 2, of: 3 },
      /lists 4 detectors: expected .* got --shard 2\/3/,
    ],
    ['a place of no list', parse({}), { number: 2, of: 4 }, /list all 4 under detector.shards/],
  ])('refuses %s', (_, config, asked, message) => {
    expect(() => choosePlace(config, asked)).toThrow(message);
  });
});

describe('configOf', () => {
  it('leaves the only detector everything', () => {
    const config = parse({ services });
    expect(configOf(detectorPlaces(config)[0]!, config)).toBe(config);
  });

  it('gives a shard its services, their sources, and a folder of its own', async () => {
    const targets = NAMES.map((service) => ({ service, url: 'http://127.0.0.1:9/metrics' }));
    const sources = [{ kind: 'prometheus-text', targets }];
    const config = parse({ dataDir: '/data', services, sources, detector: { shards: shards(2) } });
    const seen = detectorPlaces(config).map((place) => {
      const { services: own, sources: listed, dataDir } = configOf(place, config);
      const made = listed.map(({ create }) => create({ table: new SeriesTable() }));
      const polled = made.flatMap(({ pollers }) => pollers.map(({ target }) => target.service));
      return { made, dataDir, own: own.map(({ name }) => name), polled };
    });
    expect(seen.map(({ dataDir }) => dataDir)).toEqual(['/data/detector-1', '/data/detector-2']);
    expect(seen.flatMap(({ own }) => own).sort()).toEqual([...NAMES].sort());
    for (const { own, polled } of seen) expect(polled).toEqual(own);
    for (const { made } of seen) await Promise.all(made.map((source) => source.close()));
  });
});

describe('a configuration of several detectors', () => {
  it.each([
    [{ copies: 2 }, 'detector.copies', 'one detector, listed under shards'],
    [{ shards: shards(2), copies: 3 }, 'detector.copies', '2 detectors, listed under shards'],
    [{ shards: shards(1) }, 'detector.shards', 'at least two detectors'],
    [{ shards: [{ port: 1 }, { port: 1 }] }, 'detector.shards[1]', 'duplicate address'],
    [
      { shards: [{ port: 1 }, { host: '0.0.0.0', port: 2 }] },
      'detector.shards[1].host',
      'set internalToken',
    ],
  ])('refuses %o', (detector, path, message) => {
    let problems: ConfigError['problems'] = [];
    try {
      parse({ detector });
    } catch (error) {
      if (error instanceof ConfigError) ({ problems } = error);
    }
    expect(problems).toMatchObject([{ path, message: expect.stringContaining(message) as string }]);
  });
});
