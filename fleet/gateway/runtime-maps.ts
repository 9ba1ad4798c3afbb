/** One line of a map; keys may repeat, the first one counts. */
export interface MapEntry {
  readonly id: number;
  readonly key: string;
  readonly value: string;
}

/**
 * The maps and what they mean:
 * `routing`: tenant → server name, `pool:<name>` or `reject`;
 * `circuit`: `engines` or `engines/<server>` → `open` or `half-open:<percent>`;
 * `pools`: server name → name of the pool that it belongs to.
 */
export const mapNames = ['routing', 'circuit', 'pools'] as const;
/** See `mapNames`. */
export type MapName = (typeof mapNames)[number];

/** HAProxy's maps: lists of key and value, changed at run time. */
export class RuntimeMaps {
  private readonly lists = new Map<MapName, MapEntry[]>(mapNames.map((name) => [name, []]));
  private lastId = 0;

  /**
   * The map meant by an identifier: its name, `#<number>`, or a file path that ends in its name
   * with or without `.map`, as HAProxy identifies maps by their files.
   */
  identify(identifier: string): MapName | undefined {
    if (identifier.startsWith('#')) return mapNames[Number(identifier.slice(1))];
    const base = identifier.slice(identifier.lastIndexOf('/') + 1).replace(/\.map$/, '');
    return mapNames.find((name) => name === base);
  }

  /** The entries in the order of their addition. */
  entries(name: MapName): readonly MapEntry[] {
    return this.lists.get(name) ?? [];
  }

  /** The value of a key's first entry. */
  value(name: MapName, key: string): string | undefined {
    return this.entries(name).find((entry) => entry.key === key)?.value;
  }

  /** Adds an entry, also beside one of the same key. */
  add(name: MapName, key: string, value: string): void {
    this.lastId += 1;
    this.lists.set(name, [...this.entries(name), { id: this.lastId, key, value }]);
  }

  /** Changes every entry of a key; false when there is none. */
  set(name: MapName, key: string, value: string): boolean {
    const list = this.entries(name);
    this.lists.set(
      name,
      list.map((entry) => (entry.key === key ? { ...entry, value } : entry)),
    );
    return list.some((entry) => entry.key === key);
  }

  /** Removes every entry of a key; false when there is none. */
  remove(name: MapName, key: string): boolean {
    const list = this.entries(name);
    this.lists.set(
      name,
      list.filter((entry) => entry.key !== key),
    );
    return list.some((entry) => entry.key === key);
  }

  /** Removes all entries. */
  clear(name: MapName): void {
    this.lists.set(name, []);
  }

  /** All maps as plain pairs, for the state file and the canonical state. */
  snapshot(): Record<MapName, (readonly [string, string])[]> {
    const pairs = (name: MapName): (readonly [string, string])[] =>
      this.entries(name).map((entry) => [entry.key, entry.value]);
    return { routing: pairs('routing'), circuit: pairs('circuit'), pools: pairs('pools') };
  }

  /** Puts a snapshot back. */
  restore(snapshot: Readonly<Record<MapName, readonly (readonly [string, string])[]>>): void {
    for (const name of mapNames) {
      this.clear(name);
      for (const [key, value] of snapshot[name]) this.add(name, key, value);
    }
  }
}
