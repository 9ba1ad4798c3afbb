import { describe, expect, it } from 'vitest';
import { RuntimeMaps } from '../../../fleet/gateway/runtime-maps.js';

describe('RuntimeMaps', () => {
  it('identifies a map by name, number and file', () => {
    const maps = new RuntimeMaps();
    const identifiers = ['routing', '#0', '/etc/haproxy/maps/routing.map', '#1', 'other', '#9'];
    expect(identifiers.map((identifier) => maps.identify(identifier))).toEqual([
      'routing',
      'routing',
      'routing',
      'circuit',
      undefined,
      undefined,
    ]);
  });

  it('keeps several entries of a key, uses the first, removes all', () => {
    const maps = new RuntimeMaps();
    maps.add('routing', 'a', 'one');
    maps.add('routing', 'a', 'two');
    expect(maps.value('routing', 'a')).toBe('one');
    expect(maps.entries('routing')).toHaveLength(2);
    expect(maps.set('routing', 'a', 'three')).toBe(true);
    expect(maps.entries('routing').map(({ value }) => value)).toEqual(['three', 'three']);
    expect(maps.remove('routing', 'a')).toBe(true);
    expect(maps.remove('routing', 'a')).toBe(false);
  });

  it('comes back from its snapshot', () => {
    const maps = new RuntimeMaps();
    maps.add('routing', 'a', 'reject');
    maps.add('circuit', 'engines', 'half-open:10');
    const copy = new RuntimeMaps();
    copy.restore(maps.snapshot());
    expect(copy.snapshot()).toEqual(maps.snapshot());
  });
});
