import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/server/app.js';
import { recommendationRecord, reportRecord } from '../adapters/archive/records.js';
import { serverParts } from './server-parts.js';

async function server() {
  const parts = await serverParts();
  const app = createApp(parts);
  const ask = async (method: string, path: string, body?: unknown) => {
    const reply = await app.request(path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.includes('json') === true;
    return { status: reply.status, body: (isJson ? JSON.parse(text) : text) as unknown };
  };
  return { ...parts, ask };
}

const NOW_MS = Date.now();

describe('the reports of the API', () => {
  it('lists them, and gives one as JSON and as a postmortem', async () => {
    const { archive, ask } = await server();
    await archive.putReport(reportRecord({ createdAtMs: NOW_MS }));
    const { body } = await ask('GET', '/v1/reports?service=chat');
    expect(body).toMatchObject({
      reports: [{ id: 'rca:run-1', category: 'infrastructure', likelihood: 0.92 }],
      next: null,
    });
    expect(JSON.stringify(body)).not.toContain('hypotheses');
    expect(await ask('GET', '/v1/reports/rca:run-1')).toMatchObject({
      status: 200,
      body: { summary: 'engine-2 is slow', body: { hypotheses: [] } },
    });
    expect(await ask('GET', '/v1/reports/rca:run-1?format=markdown')).toEqual({
      status: 200,
      body: '# Postmortem\n',
    });
    expect((await ask('GET', '/v1/reports/none')).status).toBe(404);
    expect(await ask('GET', '/v1/reports/schema.json')).toMatchObject({
      body: { $ref: '#/$defs/RootCauseReport' },
    });
  });

  it('counts causes, likelihoods, what became of advice, and drills', async () => {
    const { archive, ask } = await server();
    await archive.putReport(reportRecord({ id: 'a', createdAtMs: NOW_MS }));
    await archive.putReport(
      reportRecord({ id: 'b', createdAtMs: NOW_MS, category: 'undetermined', likelihood: 0.5 }),
    );
    await archive.putReport(reportRecord({ id: 'old', createdAtMs: 0 }));
    await archive.putRecommendations([recommendationRecord({ createdAtMs: NOW_MS })]);
    const at = new Date(NOW_MS).toISOString();
    for (const isRight of [true, false]) {
      const drill = { id: `d${isRight}`, at, fault: 'crash', isRight, result: { any: 1 } };
      expect((await ask('POST', '/v1/drills', drill)).status).toBe(201);
    }
    expect((await ask('GET', '/v1/rca/statistics?days=7')).body).toMatchObject({
      reports: 2,
      byCategory: [
        { category: 'infrastructure', count: 1 },
        { category: 'undetermined', count: 1 },
      ],
      confidence: [{}, {}, {}, {}, { from: 0.8, to: 1, count: 1 }],
      recommendations: { open: 1, done: 0 },
      drills: { total: 2, right: 1, byFault: [{ fault: 'crash', total: 2, right: 1 }] },
    });
    expect((await ask('GET', '/v1/drills')).body).toMatchObject({
      drills: [{ result: { any: 1 } }, { fault: 'crash' }],
    });
  });
});

describe('recommendations', () => {
  it('are decided on by people, and audited', async () => {
    const { archive, ask } = await server();
    await archive.putRecommendations([recommendationRecord()]);
    const path = '/v1/recommendations/rca:run-1:r1';
    const done = { state: 'done', reason: 'new fan' };
    expect(await ask('POST', path, done)).toMatchObject({
      status: 200,
      body: { state: 'done', reason: 'new fan', at: expect.any(String) as unknown },
    });
    expect((await ask('GET', '/v1/recommendations?state=open')).body).toMatchObject({
      recommendations: [],
    });
    expect((await ask('POST', path, { state: 'lost' })).status).toBe(400);
    expect((await ask('POST', '/v1/recommendations/none', done)).status).toBe(404);
    const { items } = await archive.audit({ limit: 9 });
    expect(items.map(({ what, outcome }) => [what, outcome])).toContainEqual([
      'recommendation done',
      'accepted',
    ]);
  });
});

describe('changes', () => {
  it('are told once, and found by service and time', async () => {
    const { ask } = await server();
    const change = { id: 'deploy-7', service: 'chat', kind: 'config', summary: 'batch 8 to 32' };
    expect((await ask('POST', '/v1/changes', change)).status).toBe(201);
    expect((await ask('POST', '/v1/changes', change)).status).toBe(201);
    expect((await ask('GET', '/v1/changes?service=chat')).body).toMatchObject({
      changes: [{ id: 'deploy-7', replica: null, summary: 'batch 8 to 32' }],
    });
    expect((await ask('GET', '/v1/changes?service=code')).body).toMatchObject({ changes: [] });
    expect((await ask('POST', '/v1/changes', { service: 'chat' })).status).toBe(400);
  });
});
