import { existsSync, mkdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { provisionTemporal } from '../../../src/adapters/temporal/binary.js';
import { connectClient } from '../../../src/adapters/temporal/connection.js';
import {
  type DevServer,
  type DevServerSettings,
  startDevServer,
} from '../../../src/adapters/temporal/dev-server.js';
import { isAlive } from '../../../src/adapters/temporal/pid-lock.js';
import { scratchFolder } from '../../support/scratch.js';

async function settingsIn(folder: string): Promise<DevServerSettings> {
  return {
    binary: (await provisionTemporal()).path,
    dbFile: path.join(folder, 'state/temporal.db'),
    onLog: () => undefined,
    namespace: 'fleet',
    port: await findFreePort(),
    uiPort: await findFreePort(),
    searchAttributes: { Service: 'Keyword', RolledBack: 'Bool' },
  };
}

async function started(settings: DevServerSettings): Promise<DevServer> {
  const server = await startDevServer(settings);
  onTestFinished(() => server.stop(0));
  return server;
}

async function openClient({ address }: DevServer): Promise<Client> {
  const connection = await connectClient({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection, namespace: 'fleet' });
}

describe('startDevServer', () => {
  it('goes on with its workflows after a kill -9, and stops without a trace', async () => {
    const settings = await settingsIn(scratchFolder());
    const first = await started(settings);
    const before = await openClient(first);
    await before.workflow.start('waits', { taskQueue: 'nobody', workflowId: 'incident:a' });

    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const second = await started(settings);
    const after = await openClient(second);
    const found = await after.workflow.getHandle('incident:a').describe();
    expect(found.status.name).toBe('RUNNING');
    const { config } = await after.connection.workflowService.describeNamespace({
      namespace: 'fleet',
    });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
    expect((await fetch(second.uiUrl)).status).toBe(200);

    await second.stop();
    expect(isAlive(second.pid)).toBe(false);
    expect(await second.exited).toEqual({ code: 0, signal: null });
  }, 60_000);

  it.each([
    ['port', 'temporal.port'],
    ['uiPort', 'temporal.uiPort'],
  ] as const)('refuses a busy %s, naming it and %s', async (key, setting) => {
    const settings = await settingsIn(scratchFolder());
    const squatter = net.createServer().listen(settings[key], '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await expect(startDevServer(settings)).rejects.toThrow(
      `port ${settings[key]} (${setting}) is in use`,
    );
    expect(existsSync(settings.dbFile)).toBe(false);
  });

  it('reports the end of the log when the server dies at start', async () => {
    const settings = await settingsIn(scratchFolder());
    mkdirSync(settings.dbFile, { recursive: true });
    await expect(startDevServer(settings)).rejects.toThrow(
      /ended at start \(exit code 1\): .*database/,
    );
  });
});
