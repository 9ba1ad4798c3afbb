import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import createClient from 'openapi-fetch';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.js';
import { INCIDENT, liveServer } from './live-server.js';

/** What somebody writes who has the generated types; each line with `@ts-expect-error` is a mistake. */
const CALLER = `
import createClient from 'openapi-fetch';
import type { paths } from './api.js';
const client = createClient<paths>({ baseUrl: 'http://127.0.0.1' });
export const list = async (): Promise<string[]> => {
  const { data } = await client.GET('/v1/incidents', { params: { query: { limit: 5 } } });
  return data?.incidents.map((incident) => incident.id) ?? [];
};
export const abort = (id: string) =>
  client.POST('/v1/incidents/{id}/{operation}', {
    params: { path: { id, operation: 'abort' } },
    body: { reason: 'I take over', keep: true },
  });
// @ts-expect-error there is no such operation
export const wrong = () => client.POST('/v1/incidents/{id}/{operation}', { params: { path: { id: '', operation: 'explode' } }, body: {} });
`;

/** The part of a generated client’s types that is called below. */
interface Paths {
  '/v1/incidents': {
    get: {
      parameters: { query?: { limit?: number } };
      responses: { 200: { content: { 'application/json': { incidents: { id: string }[] } } } };
    };
  };
  '/v1/incidents/{id}/{operation}': {
    post: {
      parameters: { path: { id: string; operation: string } };
      requestBody: { content: { 'application/json': { reason?: string } } };
      responses: {
        200: { content: { 'application/json': { result: string } } };
        403: { content: { 'application/problem+json': { detail: string } } };
      };
    };
  };
}

describe('a client generated from the document', () => {
  it('compiles, and refuses what the API does not have', async () => {
    const { url } = await liveServer();
    const document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as OpenAPI3;
    const folder = scratchFolder();
    const modules = path.resolve(import.meta.dirname, '../../node_modules');
    symlinkSync(modules, path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(path.join(folder, 'api.ts'), astToString(await openapiTS(document)));
    writeFileSync(path.join(folder, 'caller.ts'), CALLER);
    const program = ts.createProgram([path.join(folder, 'caller.ts')], {
      ...{ strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022 },
      ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
      ...{ lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] },
    });
    const mistakes = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    expect(mistakes).toEqual([]);
  }, 60_000);

  it('calls a real server', async () => {
    const { url, tokens } = await liveServer();
    const clientOf = (token: string) =>
      createClient<Paths>({ baseUrl: url, headers: { authorization: `Bearer ${token}` } });
    const client = clientOf(tokens.operator);
    const { data } = await client.GET('/v1/incidents', { params: { query: { limit: 5 } } });
    expect(data?.incidents.map(({ id }) => id)).toEqual([INCIDENT.id]);
    const given = {
      params: { path: { id: INCIDENT.id, operation: 'acknowledge' } },
      body: { reason: 'mine' },
    };
    const done = await client.POST('/v1/incidents/{id}/{operation}', given);
    expect(done.data).toMatchObject({ result: 'acknowledge: taken' });
    const refused = await clientOf(tokens.viewer).POST('/v1/incidents/{id}/{operation}', given);
    expect(refused.response.status).toBe(403);
    expect(refused.error).toMatchObject({ detail: expect.stringContaining('operator') as unknown });
  });
});
