import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../src/adapters/temporal/port.js';
import { acquirePidLock } from '../../src/adapters/temporal/pid-lock.js';
import { assertPortsFree, requiredPorts } from '../../src/local-stack/required-ports.js';
import { runLocalStack } from '../../src/local-stack/run-local-stack.js';
import type { StartSettings } from '../../src/local-stack/start-settings.js';
import { Terminal } from '../../src/local-stack/terminal.js';
import { scratchFolder } from '../support/scratch.js';
import { createDevServerEnv } from '../support/temporal.js';

async function settingsIn(dataDir: string): Promise<StartSettings> {
  const listen = async () => ({ host: '127.0.0.1', port: await findFreePort() });
  return {
    configPath: path.join(dataDir, 'absent.yaml'),
    dataDir,
    temporal: {
      kind: 'dev-server',
      binary: undefined,
      namespace: 'fleet',
      port: await findFreePort(),
      uiPort: await findFreePort(),
      codecPort: undefined,
    },
    searchAttributes: {},
    fleet: undefined,
    logs: { maxBytes: 1_000_000, keep: 1 },
    detectors: [
      { ...(await listen()), name: 'detector', setting: 'detector.port', number: 1, of: 1 },
    ],
    server: await listen(),
  };
}

function captured(): { terminal: Terminal; text: () => string } {
  let written = '';
  const terminal = new Terminal({ write: (text) => (written += text) }, {});
  return { terminal, text: () => written };
}

async function occupy(port: number): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
}

describe('runLocalStack', () => {
  it('refuses a data folder that a launcher uses', async () => {
    const dataDir = scratchFolder();
    const lock = acquirePidLock(path.join(dataDir, 'run/launcher.lock'));
    expect(lock.state).toBe('acquired');
    const { terminal, text } = captured();
    expect(await runLocalStack(await settingsIn(dataDir), terminal)).toBe(1);
    expect(text()).toContain(`already runs with the data in ${dataDir} (process ${process.pid})`);
  });

  it('names every busy port and its setting before anything is started', async () => {
    const dataDir = scratchFolder();
    const settings = await settingsIn(dataDir);
    await occupy(settings.server.port);
    await occupy(settings.detectors[0]!.port);
    const { terminal, text } = captured();
    expect(await runLocalStack(settings, terminal)).toBe(1);
    expect(text()).toContain(`port ${settings.server.port} (server.port) is in use`);
    expect(text()).toContain(`port ${settings.detectors[0]!.port} (detector.port) is in use`);
    expect(existsSync(path.join(dataDir, 'temporal'))).toBe(false);
    // The lock is free again for the next try.
    expect(acquirePidLock(path.join(dataDir, 'run/launcher.lock')).state).toBe('acquired');
  });

  it('stops Temporal again when a role does not come up, and says why', async () => {
    const dataDir = scratchFolder();
    const settings = await settingsIn(dataDir);
    const { terminal, text } = captured();
    expect(await runLocalStack(settings, terminal)).toBe(1);
    expect(text()).toMatch(/✓ temporal {3}127\.0\.0\.1:\d+ \(process \d+\) {2}\d+\.\d s\n/);
    expect(text()).toMatch(/error {2}worker: ended at start \(exit code \d/);
    expect(text()).toMatch(/stopped\n$/);
    await expect(assertPortsFree(requiredPorts(settings))).resolves.toBeUndefined();
  }, 60_000);

  it('prepares an existing server instead of starting one', async () => {
    const env = await createDevServerEnv({});
    onTestFinished(() => env.teardown());
    const settings: StartSettings = {
      ...(await settingsIn(scratchFolder())),
      temporal: {
        kind: 'existing',
        target: { address: env.address },
        namespace: 'theirs',
        uiUrl: undefined,
      },
      searchAttributes: { Service: 'Keyword' },
    };
    const { terminal, text } = captured();
    // The roles are missing their configuration: here they only mark how far it came.
    expect(await runLocalStack(settings, terminal)).toBe(1);
    expect(text()).toContain(`existing server at ${env.address}, namespace theirs`);
    const { customAttributes } = await env.connection.operatorService.listSearchAttributes({
      namespace: 'theirs',
    });
    expect(customAttributes).toMatchObject({ Service: 2 });
    expect(existsSync(path.join(settings.dataDir, 'temporal'))).toBe(false);
  }, 60_000);
});

describe('requiredPorts', () => {
  it('lists an engine port for each replica, and none for an existing Temporal', async () => {
    const settings = await settingsIn('/data');
    const ports = requiredPorts({
      ...settings,
      temporal: {
        kind: 'existing',
        target: { address: 'temporal:7233' },
        namespace: 'fleet',
        uiUrl: undefined,
      },
      fleet: {
        replicas: 2,
        enginePortBase: 100,
        gatewayPort: 200,
        runtimePort: 201,
        supervisorPort: 202,
        seed: 1,
        loadRps: undefined,
      },
    });
    expect(ports.map(({ port, setting }) => `${port} ${setting}`)).toEqual([
      '101 fleet.enginePortBase',
      '102 fleet.enginePortBase',
      '200 fleet.gatewayPort',
      '201 fleet.runtimePort',
      '202 fleet.supervisorPort',
      `${settings.detectors[0]!.port} detector.port`,
      `${settings.server.port} server.port`,
    ]);
  });

  it('refuses a port that two settings claim', async () => {
    const port = await findFreePort();
    const host = '127.0.0.1';
    await expect(
      assertPortsFree([
        { host, port, setting: 'server.port' },
        { host, port, setting: 'detector.port' },
      ]),
    ).rejects.toThrow(`port ${port} is given to both server.port and detector.port`);
  });
});
