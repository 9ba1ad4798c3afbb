import { z } from 'zod';
import type { Operation } from './operation.js';
import { DEFAULT_BODY_LIMIT_BYTES } from './serve-operation.js';
import { problemShape } from './shapes.js';

type Json = Record<string, unknown>;
type Io = 'input' | 'output';

/**
 * The OpenAPI 3.1 document of the operations, made of the schemas that validate them: 3.1’s schemas are
 * JSON Schema 2020-12, which zod writes. A schema with an id (`.meta({ id })`) becomes a component.
 *
 * @throws RangeError for two schemas of one id that differ, and for a recursive one without an id.
 */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const schemas: Json = {};
  const shape = (schema: z.ZodType, io: Io) => hoisted(schema, io, schemas);
  shape(problemShape, 'output');
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const item = (paths[operation.path] ??= {});
    item[operation.method] = describe(operation, shape);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'paramedic',
      version,
      summary: 'Keeps LLM inference fleets inside their SLAs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'a token, or a JWT of the issuer' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Paramedic-Signature',
          description:
            '`v1=` and the hex HMAC-SHA256, under a secret of `server.signers`, of X-Paramedic-Timestamp (Unix seconds), `.` and the body as sent',
        },
      },
    },
  };
}

function describe(operation: Operation, shape: (schema: z.ZodType, io: Io) => Json): Json {
  const { id, tag, summary, description, role, body, bodyLimitBytes } = operation;
  const limit = bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  const parameters = [
    ...parametersOf(operation.params && shape(operation.params, 'input'), 'path'),
    ...parametersOf(operation.query && shape(operation.query, 'input'), 'query'),
    ...(takesKey(operation) ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(operation),
    'x-required-role': role,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          'x-body-limit-bytes': limit,
          requestBody: {
            required: !body.safeParse({}).success,
            content: { 'application/json': { schema: shape(body, 'input') } },
          },
        }),
    responses: { ...answerOf(operation, shape), ...refusalsOf(operation) },
  };
}

function securityOf({ role, takesSignature }: Operation): Json[] {
  if (role === 'public') return [];
  return takesSignature === true ? [{ token: [] }, { signature: [] }] : [{ token: [] }];
}

const takesKey = ({ method, role }: Operation) => method !== 'get' && role !== 'public';

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes a repetition harmless: the same key with the same request is answered as the first time, with `Idempotency-Replayed: true`, for `retention.idempotencyKeys` and across restarts. A key is its caller’s own.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
};

function parametersOf(schema: Json | undefined, place: 'path' | 'query'): Json[] {
  const properties = (schema?.['properties'] ?? {}) as Record<string, Json>;
  const required = (schema?.['required'] ?? []) as readonly string[];
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function answerOf(
  { answer, status = 200, summary }: Operation,
  shape: (schema: z.ZodType, io: Io) => Json,
): Json {
  const content: Json = {};
  const json = answer instanceof z.ZodType ? answer : 'json' in answer ? answer.json : undefined;
  if (json !== undefined) content['application/json'] = { schema: shape(json, 'output') };
  if (!(answer instanceof z.ZodType)) {
    content[answer.contentType.split(';')[0] ?? ''] = { schema: { type: 'string' } };
  }
  return { [status]: { description: summary, content } };
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Not understood: `problems` says what',
  401: 'No token, or one that is not known',
  403: 'The token’s role does not include this',
  409: 'Not possible as things are, or the call with this key is being carried out',
  413: 'The body is too large',
  422: 'The idempotency key was used for another request',
};

function refusalsOf(operation: Operation): Json {
  const { role, body, params, query } = operation;
  const statuses = [
    ...(params || query || body ? [400] : []),
    ...(role === 'public' ? [] : [401, 403]),
    ...(body ? [413] : []),
    ...(takesKey(operation) ? [409, 422] : []),
  ];
  return {
    ...Object.fromEntries(statuses.map((status) => [status, problem(REFUSALS[status] ?? '')])),
    default: problem('Refused, or not possible now: `detail` says why, and the way out'),
  };
}

const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** The JSON Schema of a shape; what in it has an id goes to the components, by reference. */
function hoisted(schema: z.ZodType, io: Io, components: Json): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const { $defs, ...root } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    $defs?: Record<string, Json>;
    id?: string;
    $schema?: string;
  };
  delete root.$schema;
  for (const [id, given] of Object.entries($defs ?? {})) keep(id, given, components);
  const { id } = root;
  if (typeof id !== 'string') return root;
  keep(id, root, components);
  return { $ref: `#/components/schemas/${id}` };
}

function keep(id: string, given: Json, components: Json): void {
  if (id.startsWith('__'))
    throw new RangeError(`a recursive schema needs an id: ${JSON.stringify(given)}`);
  const schema = { ...given };
  delete schema['id'];
  const known = components[id];
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
    throw new RangeError(`two schemas have the id "${id}"`);
  }
  components[id] = schema;
}
