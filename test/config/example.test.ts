import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { actuators } from '../../src/adapters/actuators/index.js';
import { HISTORIES } from '../../src/adapters/history/index.js';
import { NOTIFIERS } from '../../src/adapters/notifiers/index.js';
import { SOURCES } from '../../src/adapters/sources/index.js';
import { parseConfig } from '../../src/config/load.js';
import { configSchema } from '../../src/config/schema.js';

const FILE = path.resolve(import.meta.dirname, '../../config/example.yaml');
const text = readFileSync(FILE, 'utf8');
/** With the keys that have no default: `#key:`, while comments have a space after the sign. */
const whole = text.replace(/^(\s*)#(\w+:)/gm, '$1$2');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** What of a JSON schema is looked at. */
interface Schema {
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const parsed = (source: string) => parseConfig(source, 'example.yaml', {});
const raw = (source: string) => parse(source) as { [key: string]: Json };
/** What can be compared: functions of plug-ins are left out. */
const shape = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

/** Keys that a schema has and the value lacks, by path; lists are judged by all their entries together. */
function missing(schema: Schema, value: Json | undefined, at: string): string[] {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) {
    const all = options.map((option) => missing(option, value, at));
    return all.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  if (value === undefined) return [at];
  if (schema.type === 'array') {
    const { items } = schema;
    if (!Array.isArray(value) || items === undefined) return [];
    const perItem = value.map((item) => new Set(missing(items, item, `${at}[]`)));
    const [first] = perItem;
    return [...(first ?? [])].filter((key) => perItem.every((keys) => keys.has(key)));
  }
  if (schema.properties === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
  return Object.entries(schema.properties).flatMap(([key, inner]) =>
    key in value ? missing(inner, value[key], `${at}.${key}`) : [`${at}.${key}`],
  );
}

/** Keys that none of several entries of one kind has. */
function missingInAll(schema: Schema, entries: readonly Json[], at: string): string[] {
  const [first = [at], ...rest] = entries.map((entry) => missing(schema, entry, at));
  return first.filter((key) => rest.every((keys) => keys.includes(key)));
}

const jsonSchema = (schema: z.ZodType) =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;

/** Paths of all scalar leaves below the sections that have defaults of their own. */
function leaves(value: Json, at: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...at, key]));
}

function without(value: Json, [key, ...rest]: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (rest.length === 0) return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, name === key ? without(inner, rest) : inner]),
  );
}

describe('config/example.yaml', () => {
  it('is a configuration, also with the keys that it leaves commented out', () => {
    expect(parsed(text).services[0]?.name).toBe('chat');
    expect(parsed(whole).temporal.address).toBe('127.0.0.1:7233');
  });

  it('names every key there is', () => {
    const value = raw(whole);
    expect(missing(jsonSchema(configSchema), value, '')).toEqual([]);
    const entries = (found: Json | undefined): { [key: string]: Json }[] =>
      Object.values(found ?? {}) as { [key: string]: Json }[];
    for (const [section, kinds] of [
      ['actuators', actuators],
      ['sources', SOURCES],
      ['channels', NOTIFIERS],
    ] as const) {
      for (const { kind, schema } of kinds) {
        const shown = entries(value[section]).filter((one) => one['kind'] === kind);
        // The probes' targets are those of scrapes, whose keys the entry before it shows.
        const known =
          kind === 'http-health'
            ? ['headers', 'match', 'replicaByServer', 'role', 'bearerToken']
            : [];
        expect(
          missingInAll(jsonSchema(schema), shown, kind).filter(
            (key) => !known.some((name) => key === `${kind}.targets[].${name}`),
          ),
        ).toEqual([]);
      }
    }
    const [detector] = HISTORIES;
    expect(missing(jsonSchema(detector.schema), value['history'], 'history')).toEqual([]);
  });

  it('shows each default as it is', () => {
    const value = raw(text);
    const full = shape(parsed(text));
    const sections = [
      'environment',
      'dataDir',
      'logLevel',
      'temporal',
      'server',
      'detector',
    ].concat(['evaluation', 'push', 'recovery', 'history']);
    const paths = sections.flatMap((name) => leaves(value[name] ?? null, [name]));
    expect(paths.length).toBeGreaterThan(50);
    const different = paths.filter((leaf) => {
      // `kind` chooses; without it there is no entry, and the whole section is compared below.
      if (leaf.at(-1) === 'kind') return false;
      const reduced = JSON.stringify(without(value, leaf));
      return JSON.stringify(shape(parsed(reduced))) !== JSON.stringify(full);
    });
    expect(different).toEqual([]);
    for (const name of [...sections, 'thresholds']) {
      expect(shape(parsed(JSON.stringify(without(value, [name]))))).toEqual(full);
    }
    // It reads the whole file for each key.
  }, 90_000);

  it.each([...actuators, ...SOURCES, ...NOTIFIERS].map((plugin) => [plugin.kind, plugin] as const))(
    'shows the defaults of %s',
    (kind, plugin) => {
      const { schema } = plugin;
      const value = raw(text);
      const all = [
        ...(Object.values((value['actuators'] ?? {}) as object) as Json[]),
        ...(Object.values((value['sources'] ?? {}) as object) as Json[]),
        ...(Object.values((value['channels'] ?? {}) as object) as Json[]),
      ];
      const { kind: found, ...given } = (all as { [key: string]: Json }[]).find(
        (one) => one['kind'] === kind,
      )!;
      expect(found).toBe(kind);
      // What all channels have is no kind's own.
      const isChannel = NOTIFIERS.some((one) => one.kind === kind);
      const common = new Set(isChannel ? ['kinds', 'fallback', 'fallbackAfter'] : []);
      const entry = Object.fromEntries(Object.entries(given).filter(([key]) => !common.has(key)));
      const full = schema.parse(entry);
      for (const key of Object.keys(entry)) {
        const reduced = schema.safeParse(without(entry, [key]));
        // Required keys have no default; examples in place of an empty list or map differ from it.
        if (!reduced.success || ['services', 'commands', 'replicas'].includes(key)) continue;
        expect({ [key]: reduced.data }).toEqual({ [key]: full });
      }
    },
  );
});
