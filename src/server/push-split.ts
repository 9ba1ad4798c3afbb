/** One item, with its place in what was pushed. */
interface PushedItem {
  readonly index: number;
  readonly item: unknown;
}

/** Part of a push, for the detectors that watch what it is about. */
export interface PushPart {
  readonly owners: readonly number[];
  readonly items: readonly PushedItem[];
}

/**
 * Splits what was pushed by who watches it: items of the same detectors stay together, in their order.
 * One that names no service is for the only one there is; where there are several, any detector can say
 * what is wrong with it.
 */
export function splitPush(
  items: readonly unknown[],
  serviceOf: (item: unknown) => string | undefined,
  ownersOf: (service: string) => readonly number[],
): PushPart[] {
  const parts = new Map<string, { owners: readonly number[]; items: PushedItem[] }>();
  items.forEach((item, index) => {
    const owners = ownersOf(serviceOf(item) ?? '');
    const key = owners.join(',');
    const part = parts.get(key) ?? { owners, items: [] };
    part.items.push({ index, item });
    parts.set(key, part);
  });
  return [...parts.values()];
}

/** A field of something that may be anything. */
export function fieldOf(given: unknown, name: string): unknown {
  return typeof given === 'object' && given !== null
    ? (given as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** The same, where it is text. */
export function textOf(given: unknown, name: string): string | undefined {
  const found = fieldOf(given, name);
  return typeof found === 'string' ? found : undefined;
}
