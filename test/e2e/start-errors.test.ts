import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Stack } from './stack.js';

/** A stack that must not come up: stopped, and its leftovers looked for, however the test ends. */
async function prepared(): Promise<Stack> {
  const stack = await Stack.prepare();
  onTestFinished(async () => {
    await stack.stop();
  });
  return stack;
}

function occupy(port: number): Promise<void> {
  const server = net.createServer();
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

describe('a busy port', () => {
  it('is named with its setting, before anything is started', async () => {
    const stack = await prepared();
    await occupy(stack.ports.server);
    await occupy(stack.ports.engineBase + 3);
    stack.launch();
    expect(await stack.ended()).toBe(1);
    const { server, engineBase } = stack.ports;
    expect(stack.output).toContain(
      `port ${server} (server.port) is in use by another program; ` +
        'set server.port to a free port in the configuration file',
    );
    expect(stack.output).toContain(`port ${engineBase + 3} (fleet.enginePortBase) is in use`);
    expect(stack.output).not.toContain('✓');
    expect(stack.processCount()).toBe(0);
  }, 60_000);
});

describe('a configuration that can’t be used', () => {
  it.each([
    {
      mistake: 'an unknown key',
      from: 'window: 12s',
      to: 'windw: 12s',
      told: /^stack\.yaml:(\d+) thresholds\[0\]\.windw: unknown key$/m,
      at: 'windw',
    },
    {
      mistake: 'a number without its unit',
      from: 'window: 12s',
      to: 'window: 12',
      told: /^stack\.yaml:(\d+) thresholds\[0\]\.window: expected a duration like .*, got 12$/m,
      at: 'window: 12',
    },
    {
      mistake: 'a missing target',
      from: '    target: 200\n',
      to: '',
      told: /^stack\.yaml:(\d+) thresholds\[0\]\.target: expected .*, got nothing$/m,
      at: 'metric: request_latency_p95',
    },
    {
      mistake: 'a name given twice',
      from: 'name: engine-3',
      to: 'name: engine-2',
      told: /^stack\.yaml:(\d+) services\[0\]\.replicas\[2\]\.name: duplicate name "engine-2"$/m,
      at: 'name: engine-2',
    },
  ])(
    'stops the start for $mistake, with file, line and path',
    async (given) => {
      const stack = await prepared();
      const text = readFileSync(stack.configFile, 'utf8');
      expect(text).toContain(given.from);
      const broken = text.replace(given.from, given.to);
      writeFileSync(stack.configFile, broken);
      stack.launch();
      expect(await stack.ended()).toBe(1);
      const [, line] = given.told.exec(stack.output) ?? [];
      expect(stack.output).toMatch(given.told);
      expect(broken.split('\n')[Number(line) - 1]).toContain(given.at);
      expect(existsSync(stack.dataDir)).toBe(false);
      expect(stack.processCount()).toBe(0);
    },
    60_000,
  );

  it('is reported alike by every command that reads it', async () => {
    const stack = await prepared();
    writeFileSync(stack.configFile, 'servr: {}\n');
    for (const command of ['worker', 'detector', 'server', 'incidents', 'status']) {
      expect(await stack.cli(command)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: 'stack.yaml:1 servr: unknown key\n',
      });
    }
  }, 60_000);
});

describe('a command that is not understood', () => {
  it.each([[['incidnts']], [['abort']], [['incidents', '--colour']]])(
    '%j ends with exit code 2',
    async (args) => {
      const stack = await prepared();
      const { code, stdout, stderr } = await stack.cli(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: /);
    },
  );
});
