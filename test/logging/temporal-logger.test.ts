import { fileURLToPath } from 'node:url';
import { Runtime, Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { createLogger, temporalLogger } from '../../src/logging.js';
import { createDevServerEnv } from '../support/temporal.js';

it("a workflow's story reaches the line's top level through a real worker", async () => {
  const raw: string[] = [];
  const log = createLogger({
    role: 'worker',
    level: 'info',
    destination: { write: (line: string) => void raw.push(line) },
  });
  Runtime.install({ logger: temporalLogger(log) });
  const env = await createDevServerEnv({});
  try {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: 'story',
      workflowsPath: fileURLToPath(new URL('./story-workflow.ts', import.meta.url)),
    });
    await worker.runUntil(
      env.client.workflow.execute('tellStory', { taskQueue: 'story', workflowId: 'story:1' }),
    );
  } finally {
    await env.teardown();
  }
  await Runtime.instance().shutdown();
  const lines = raw.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter((line) => line['story'] !== undefined)).toEqual([
    expect.objectContaining({
      level: 'info',
      role: 'worker',
      msg: 'p95 is 287 ms',
      story: 'violation',
      link: 'http://127.0.0.1:8233/x',
      workflowId: 'story:1',
      workflowType: 'tellStory',
      taskQueue: 'story',
      sdkComponent: 'workflow',
    }),
  ]);
});
