import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../src/server/app.js';
import { openApiDocument } from '../../src/server/openapi.js';
import { operation } from '../../src/server/operation.js';
import { serverParts } from './server-parts.js';

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly 'x-required-role': string;
  readonly responses: Record<string, unknown>;
}

describe('GET /v1/openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const reply = await createApp(await serverParts()).request('/v1/openapi.json');
    const document = (await reply.json()) as Record<string, unknown>;
    expect(document['openapi']).toBe('3.1.0');
    expect(await new Validator().validate(document)).toEqual({ valid: true });
  });

  it('gives every operation a name of its own, a summary, a role and its refusals', async () => {
    const reply = await createApp(await serverParts()).request('/v1/openapi.json');
    const { paths } = (await reply.json()) as { paths: Record<string, Record<string, Described>> };
    const all = Object.values(paths).flatMap((item) => Object.values(item));
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
    for (const { operationId, summary, responses, 'x-required-role': role } of all) {
      expect(summary, operationId).toMatch(/^\S.{5,}[^.]$/);
      expect(['public', 'viewer', 'operator', 'admin'], operationId).toContain(role);
      expect(Object.keys(responses), operationId).toContain('default');
    }
  });

  const get = (id: string, answer: z.ZodType) =>
    operation({
      ...{ id, method: 'get', path: `/${id}`, tag: 'x', summary: 'x', role: 'viewer' },
      ...{ answer, handle: () => ({ body: null }) },
    });

  it('refuses two shapes of one name, and a recursive one without', () => {
    const one = z.object({ a: z.string() }).meta({ id: 'Twice' });
    const other = z.object({ b: z.string() }).meta({ id: 'Twice' });
    expect(() => openApiDocument([get('a', one), get('b', one)], '0')).not.toThrow();
    expect(() => openApiDocument([get('a', one), get('b', other)], '0')).toThrow(/"Twice"/);
    const nested = z.object({ any: z.json() });
    expect(() => openApiDocument([get('a', nested)], '0')).toThrow(/recursive/);
  });
});
