import { z } from 'zod';
import type { Node } from 'yaml';
import { configSchema } from '../config/schema.js';
import { entriesOf, keysOf, readExample } from './config-example.js';
import { print } from './table.js';

/** As much of a JSON Schema as a configuration's has. */
interface Schema {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number)[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const TOP = `# Every key of the configuration

Written by \`bin/paramedic config keys\`; a test says when it is stale. How the sections work together: [configuration](configuration.md). All of it as one file: [config/example.yaml](../config/example.yaml).

\`NAME\` stands for a name of yours, \`[]\` for each entry of a list. A length of time has a unit: \`500ms\`, \`30s\`, \`5m\`, \`1h\`, \`7d\`.`;

/** `paramedic config keys`: every key with its values, its default and its meaning, as Markdown. */
export function showConfigKeys(): number {
  print(configKeys());
  return 0;
}

/** The page of all keys, made of the schema and of the example's comments. */
export function configKeys(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
  const sections = keysIn(schema, [readExample()]).map(({ name, comment, ...key }) => {
    const rows = [rowOf(name, key.schema, key.isRequired, comment), ...below(name, key)];
    return `## ${name}\n\n${rows.join('\n')}`;
  });
  return [TOP, ...sections].join('\n\n');
}

interface Key {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  readonly comment: string;
  /** Where the example has it. */
  readonly nodes: readonly (Node | null)[];
}

/** The keys of an object: those of the schema, then what only the example knows, of plug-ins. */
function keysIn(schema: Schema, nodes: readonly (Node | null)[]): readonly Key[] {
  const written = nodes.flatMap(keysOf);
  const isOpen = typeof schema.additionalProperties === 'object';
  const names = new Set([
    ...Object.keys(schema.properties ?? {}),
    ...(isOpen ? written.map(({ name }) => name) : []),
  ]);
  return [...names].map((name) => {
    const here = written.filter((one) => one.name === name);
    return {
      name,
      schema: schema.properties?.[name] ?? {},
      isRequired: schema.required?.includes(name) === true,
      comment: here.find(({ comment }) => comment !== '')?.comment ?? '',
      nodes: here.map(({ node }) => node),
    };
  });
}

/** The rows of what is inside a key. */
function below(at: string, { schema, nodes }: Pick<Key, 'schema' | 'nodes'>): readonly string[] {
  const variants = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.type === 'object');
  if (variants.length > 0) {
    const isKinds = variants.every(({ properties }) => properties?.['kind']?.const !== undefined);
    if (!isKinds) return [];
    return variants.flatMap((variant) => below(at, { schema: variant, nodes }));
  }
  if (schema.type === 'array') {
    const inner = { schema: schema.items ?? {}, nodes: nodes.flatMap(entriesOf) };
    return below(`${at}[]`, inner);
  }
  const named = schema.additionalProperties;
  if (schema.properties === undefined && typeof named === 'object') {
    const values = nodes.flatMap(keysOf).map(({ node }) => node);
    return below(`${at}.NAME`, { schema: named, nodes: values });
  }
  if (schema.type !== 'object') return [];
  const kind = schema.properties?.['kind']?.const;
  return keysIn(schema, nodes).flatMap((key) => {
    if (key.name === 'kind' && kind !== undefined) {
      return [`- \`${at}.kind\`: \`${String(kind)}\``];
    }
    const path = `${at}.${key.name}`;
    return [rowOf(path, key.schema, key.isRequired, key.comment), ...below(path, key)];
  });
}

function rowOf(path: string, schema: Schema, isRequired: boolean, comment: string): string {
  const values = valuesOf(schema);
  const facts = [
    // What is in a mapping stands below it.
    values === 'a mapping' ? '' : values,
    isRequired ? 'required' : '',
    hasDefault(schema) ? `default \`${JSON.stringify(schema.default).replaceAll('"', '')}\`` : '',
  ].filter((fact) => fact !== '');
  // What stands above it in the example is about the first entry.
  const said = path.endsWith('.kind') ? '' : comment;
  const inBrackets = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
  return `- \`${path}\`${inBrackets}${said === '' ? '' : `: ${said}`}`;
}

/** `{}` only says that what is inside has defaults of its own. */
function hasDefault({ default: given }: Schema): boolean {
  return given !== undefined && JSON.stringify(given) !== '{}';
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\(ms\|s\|m\|h\|d\)/, 'a length of time'],
  [/%\$$/, 'a percentage like `25%`'],
];

/** What may be given, in words. */
function valuesOf(schema: Schema): string {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return [...new Set(variants.map(valuesOf))].join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  switch (schema.type) {
    case 'string': {
      const known = PATTERNS.find(([pattern]) => pattern.test(schema.pattern ?? ''));
      return known?.[1] ?? (schema.format === 'uri' ? 'a URL' : 'text');
    }
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'a whole number' : 'a number'}${boundsOf(schema)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return 'a list';
    case 'object': {
      const keys = Object.keys(schema.properties ?? {});
      // A secret, or what else is one of some small objects.
      return keys.length === 1 ? `\`{ ${keys[0] ?? ''} }\`` : 'a mapping';
    }
    case undefined:
    default:
      return '';
  }
}

function boundsOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (exclusiveMinimum !== undefined) {
    return isBounded ? ` above ${exclusiveMinimum}, to ${maximum}` : ` above ${exclusiveMinimum}`;
  }
  if (minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER) {
    return isBounded ? ` up to ${maximum}` : '';
  }
  return isBounded ? ` ${minimum} to ${maximum}` : ` from ${minimum}`;
}
