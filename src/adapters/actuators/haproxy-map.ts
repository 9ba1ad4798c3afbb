import { AdapterError } from '../../domain/ports.js';
import { readLines, runCommand, type RuntimeEndpoint } from './haproxy-protocol.js';
import { token } from './haproxy-token.js';

/** `0x7fe720048410 engines open` */
const ENTRY = /^0x[0-9a-f]+ (\S+) (.*)$/;

/**
 * Entries of a map in file order; the first of a key is the one that HAProxy uses.
 * `conflicting` are the keys that stand there again with another value.
 *
 * @throws AdapterError `not-found` for an unknown map.
 */
export async function readMap(
  endpoint: RuntimeEndpoint,
  map: string,
): Promise<{ entries: ReadonlyMap<string, string>; conflicting: ReadonlySet<string> }> {
  const lines = await readLines(endpoint, `show map ${token('map', map)}`, (line) =>
    ENTRY.test(line),
  );
  const entries = new Map<string, string>();
  const conflicting = new Set<string>();
  for (const line of lines) {
    const [, key, value] = ENTRY.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const first = entries.get(key);
    if (first === undefined) entries.set(key, value);
    else if (first !== value) conflicting.add(key);
  }
  return { entries, conflicting };
}

async function remove(endpoint: RuntimeEndpoint, map: string, key: string): Promise<void> {
  try {
    await runCommand(endpoint, `del map ${map} ${key}`);
  } catch (error) {
    // Somebody else removed it between our read and this: what was wanted is so.
    if (!(error instanceof AdapterError && error.reason === 'not-found')) throw error;
  }
}

/**
 * Sets an entry, or removes it when `value` is undefined; sends nothing when it is so already.
 * `add map` twice leaves two entries, so the present ones decide between `set` and `add`.
 */
export async function writeMapEntry(
  endpoint: RuntimeEndpoint,
  map: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  token('key of the map', key);
  if (value !== undefined) token('value of the map', value);
  const { entries, conflicting } = await readMap(endpoint, map);
  const before = entries.get(key);
  if (before === value && !conflicting.has(key)) return;
  if (value === undefined) {
    await remove(endpoint, map, key);
  } else if (before === undefined) {
    await runCommand(endpoint, `add map ${map} ${key} ${value}`);
  } else {
    // Changes every entry of that key at once, so no request sees it absent.
    await runCommand(endpoint, `set map ${map} ${key} ${value}`);
  }
}
