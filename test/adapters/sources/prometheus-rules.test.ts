import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const folder = path.resolve(import.meta.dirname, '../../../integrations/prometheus');

it('ships rules that Prometheus takes', async () => {
  const files = ['paramedic-slis.rules.yml', 'paramedic-alerts.rules.yml'];
  const check = run('promtool', [
    'check',
    'rules',
    ...files.map((name) => path.join(folder, name)),
  ]);
  const { stdout } = await check.catch((error: unknown) => {
    throw new Error('promtool: apt-get install -y prometheus', { cause: error });
  });
  expect(stdout.match(/SUCCESS/g)).toHaveLength(2);
});
