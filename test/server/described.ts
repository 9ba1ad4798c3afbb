import type { Role } from '../../src/domain/access.js';

/** JSON Schema, as far as samples need it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly minLength?: number;
  readonly format?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

/** An operation as the document describes it. */
export interface Described {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly 'x-required-role': Role | 'public';
  readonly 'x-body-limit-bytes'?: number;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<string, unknown>;
}

/** The OpenAPI document, as far as tests read it. */
export interface Document {
  readonly paths: Record<string, Record<string, Omit<Described, 'method' | 'path'>>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** All operations of a document. */
export function operationsOf({ paths }: Document): Described[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, rest]) => ({ ...rest, path, method: method.toUpperCase() })),
  );
}

/** The least value that a schema takes; `known` has values for names that need real ones. */
export function sampleOf(
  schema: Schema,
  document: Document,
  known: Readonly<Record<string, unknown>>,
): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return sampleOf(document.components.schemas[name] ?? {}, document, known);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.anyOf?.[0] !== undefined) return sampleOf(schema.anyOf[0], document, known);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          known[name] ?? sampleOf(schema.properties?.[name] ?? {}, document, known),
        ]),
      );
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    case 'string':
      return schema.format === 'date-time' ? '2026-11-24T00:00:00Z' : 'sample';
    case undefined:
    default:
      return {};
  }
}

/** The address of an operation, its parameters filled in. */
export function addressOf(
  { path, parameters = [] }: Described,
  document: Document,
  known: Readonly<Record<string, unknown>>,
): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const schema = parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {};
    return encodeURIComponent(String(known[name] ?? sampleOf(schema, document, known)));
  });
}
