import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { externalIncident } from '../../../src/adapters/sources/external-incident.js';
import { acceptMeasurements } from '../../../src/adapters/sources/push.js';
import { serve } from './local-server.js';

const run = promisify(execFile);
const folder = path.resolve(import.meta.dirname, '../../../integrations/aphrodite');

describe('the engine’s stat logger', () => {
  it('passes its own tests', async () => {
    const { stderr } = await run('python3', ['-m', 'unittest', 'discover', '-s', folder], {
      timeout: 60_000,
    });
    expect(stderr).toMatch(/Ran \d+ tests[^]*OK/);
  }, 60_000);

  it('sends bodies that are accepted as they are', async () => {
    const bodies: { url: string; body: unknown }[] = [];
    const origin = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push({ url: request.url!, body: JSON.parse(Buffer.concat(chunks).toString()) });
        response.writeHead(202).end();
      });
    });
    const script = [
      'import types',
      'from paramedic_stat_logger import ParamedicStatLogger',
      'logger = ParamedicStatLogger()',
      'logger.record(types.SimpleNamespace(num_running_reqs=2, kv_cache_usage=0.25), None)',
      'logger.record_value("echo_evolution_convergence", 0.91)',
      'logger.open_incident("resource_exhaustion", "critical", {"why": "oom"}, value=99.5)',
      'logger.close()',
    ].join('\n');
    await run('python3', ['-c', script], {
      env: {
        ...process.env,
        PYTHONPATH: folder,
        PARAMEDIC_URL: origin,
        PARAMEDIC_SERVICE: 'chat',
        PARAMEDIC_REPLICA: 'e1',
      },
    });
    const incident = bodies.find(({ url }) => url === '/v1/incidents');
    expect(externalIncident.parse(incident!.body)).toMatchObject({
      type: 'resource_exhaustion',
      service: 'chat',
      replica: 'e1',
      value: 99.5,
      evidence: { why: 'oom' },
    });
    const context = { defaultService: undefined, services: new Set<string>(), nowMs: Date.now() };
    const accepted = bodies
      .filter(({ url }) => url === '/v1/measurements')
      .map(({ body }) => acceptMeasurements(body, context));
    const samples = accepted.flatMap((each) => (each.status === 'read' ? each.samples : []));
    expect(accepted.every((each) => each.status === 'read' && each.rejected.length === 0)).toBe(
      true,
    );
    const value = (metric: string) => samples.find((each) => each.metric === metric)?.value;
    expect(value('num_requests_running')).toBe(2);
    expect(value('kv_cache_usage_percent')).toBe(25);
    expect(value('echo_evolution_convergence')).toBe(0.91);
  }, 30_000);
});
