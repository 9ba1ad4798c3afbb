import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSettings } from '../../src/commands/start.js';
import { parseConfig } from '../../src/config/load.js';
import type { StartSettings } from '../../src/local-stack/start-settings.js';

function settings(
  yaml: string,
  env: NodeJS.ProcessEnv = {},
  dataDir?: string,
): Promise<StartSettings> {
  return startSettings(parseConfig(yaml, 'a.yaml', env), 'config/a.yaml', dataDir, env);
}

describe('startSettings', () => {
  it('runs a server of its own unless one is named', async () => {
    expect(
      (await settings('temporal: { port: 7300, uiPort: 8300, binary: /opt/temporal }')).temporal,
    ).toEqual({
      kind: 'dev-server',
      binary: '/opt/temporal',
      namespace: 'paramedic',
      port: 7300,
      uiPort: 8300,
      codecPort: undefined,
    });
  });

  it.each([
    ['temporal: { address: file:7233 }', {}, 'file:7233'],
    ['temporal: { address: file:7233 }', { TEMPORAL_ADDRESS: 'env:7233' }, 'env:7233'],
    ['temporal: { address: file:7233 }', { TEMPORAL_ADDRESS: '' }, 'file:7233'],
    ['{}', { TEMPORAL_ADDRESS: 'env:7233' }, 'env:7233'],
  ])('%s with %o uses the server at %s', async (yaml, env, address) => {
    expect((await settings(yaml, env)).temporal).toMatchObject({
      kind: 'existing',
      target: { address },
    });
  });

  it('makes paths absolute and lets the option win over the file', async () => {
    const inFile = await settings('dataDir: state');
    expect(inFile.dataDir).toBe(path.resolve('state'));
    expect(inFile.configPath).toBe(path.resolve('config/a.yaml'));
    expect((await settings('dataDir: state', {}, '/elsewhere')).dataDir).toBe('/elsewhere');
  });

  it('starts a fleet only where the configuration has one', async () => {
    expect((await settings('{}')).fleet).toBeUndefined();
    expect((await settings('fleet: { replicas: 5, loadRps: 3.5 }')).fleet).toMatchObject({
      replicas: 5,
      gatewayPort: 18080,
      loadRps: 3.5,
    });
    expect((await settings('fleet: {}')).fleet).toMatchObject({ replicas: 3, loadRps: undefined });
  });

  it('registers the search attributes of the workflows', async () => {
    expect((await settings('{}')).searchAttributes).toMatchObject({
      Service: 'Keyword',
      RolledBack: 'Bool',
    });
  });
});
