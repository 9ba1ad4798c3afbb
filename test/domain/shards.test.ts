import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { readShardPlace, shardsOf } from '../../src/domain/shards.js';

const services = Array.from({ length: 2_000 }, (_, i) => `service-${i}`);

describe('shardsOf', () => {
  it('gives every service to the only detector there is', () => {
    expect(shardsOf('chat', { shards: 1, copies: 1 })).toEqual([1]);
  });

  it('is the same in every process and every release: services must not move with an upgrade', () => {
    const plan = { shards: 4, copies: 2 };
    const places = ['chat', 'search', 'embed', 'rerank'].map((name) => shardsOf(name, plan));
    expect(places).toMatchInlineSnapshot(`
      [
        [
          1,
          3,
        ],
        [
          2,
          4,
        ],
        [
          1,
          3,
        ],
        [
          1,
          3,
        ],
      ]
    `);
  });

  it.each([2, 4, 7])('spreads 2,000 services evenly over %i detectors', (shards) => {
    const counts = new Map<number, number>();
    for (const name of services) {
      const [first] = shardsOf(name, { shards, copies: 1 });
      counts.set(first!, (counts.get(first!) ?? 0) + 1);
    }
    const fair = services.length / shards;
    expect([...counts.keys()]).toHaveLength(shards);
    // Five standard deviations of a fair draw.
    const spread = 5 * Math.sqrt(fair * (1 - 1 / shards));
    for (const count of counts.values()) expect(Math.abs(count - fair)).toBeLessThan(spread);
  });

  test.prop([fc.string(), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })])(
    'names as many different detectors as there are copies',
    (service, shards, wanted) => {
      const copies = Math.min(wanted, shards);
      const found = shardsOf(service, { shards, copies });
      expect(new Set(found).size).toBe(copies);
      for (const number of found) {
        expect(number).toBeGreaterThanOrEqual(1);
        expect(number).toBeLessThanOrEqual(shards);
      }
    },
  );

  test.prop([fc.string(), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3 })])(
    'moves a service to a new detector or leaves it, never between old ones',
    (service, shards, wanted) => {
      const copies = Math.min(wanted, shards);
      const before = shardsOf(service, { shards, copies });
      const after = shardsOf(service, { shards: shards + 1, copies });
      const stayed = after.filter((number) => number !== shards + 1);
      expect(stayed).toEqual(before.slice(0, stayed.length));
    },
  );

  it('moves about a fifth of the services when a fifth detector comes', () => {
    const placeOf = (name: string, shards: number) => shardsOf(name, { shards, copies: 1 })[0];
    const moved = services.filter((name) => placeOf(name, 4) !== placeOf(name, 5)).length;
    expect(moved / services.length).toBeGreaterThan(0.15);
    expect(moved / services.length).toBeLessThan(0.25);
  });
});

describe('readShardPlace', () => {
  it.each([
    ['1/1', { number: 1, of: 1 }],
    ['2/4', { number: 2, of: 4 }],
    ['4/4', { number: 4, of: 4 }],
  ])('reads %s', (text, place) => {
    expect(readShardPlace(text)).toEqual(place);
  });

  it.each(['5/4', '0/4', '2', '2/', '/4', '2/4/1', '-1/4', 'a/b', '', '1/0'])(
    'refuses %j',
    (text) => {
      expect(readShardPlace(text)).toBeUndefined();
    },
  );
});
