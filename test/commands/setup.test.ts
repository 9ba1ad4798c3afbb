import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/adapters/temporal/port.js';
import { tokenReader } from '../../src/adapters/identity/tokens.js';
import { diffConfigs, showConfigSchema, validateConfig } from '../../src/commands/config-check.js';
import { shardsOf } from '../../src/domain/shards.js';
import { runDoctor } from '../../src/commands/doctor.js';
import { initConfig } from '../../src/commands/init.js';
import { createNamedToken } from '../../src/commands/token.js';
import { parseConfig } from '../../src/config/load.js';
import { scratchFolder } from '../support/scratch.js';
import { configFile, run, serve } from './command-run.js';

const ENGINE_METRICS = 'vllm:num_requests_running{engine="0"} 1\n';
const later = (body: () => number) => () => Promise.resolve().then(body);

describe('paramedic init', () => {
  it('probes the engines and writes a configuration that can be used', async () => {
    const { port } = await serve(() => ({ body: ENGINE_METRICS }));
    const output = path.join(scratchFolder(), 'paramedic.yaml');
    const engine = [`http://127.0.0.1:${port}`];
    const { code, output: said } = await run(() => initConfig({ engine, service: 'chat', output }));
    expect(code).toBe(0);
    expect(said).toContain('vllm’s metrics');
    const text = readFileSync(output, 'utf8');
    const config = parseConfig(text, 'paramedic.yaml', {});
    expect(config.services).toMatchObject([{ name: 'chat', replicas: [{ url: engine[0] }] }]);
    expect(new Set(Object.values(config.recovery.autonomy))).toEqual(new Set(['suggest']));
    expect(text.match(/^ *#/gm)!.length).toBeGreaterThan(5);
  });

  it('writes it also when nobody answers, and says so', async () => {
    const output = path.join(scratchFolder(), 'paramedic.yaml');
    const engine = [`http://127.0.0.1:${await findFreePort()}`];
    const { code, output: said } = await run(() => initConfig({ engine, service: 'chat', output }));
    expect(code).toBe(1);
    expect(said).toMatch(/FAIL .*does not answer/);
    expect(existsSync(output)).toBe(true);
  });

  it('replaces no file unless forced, and takes no nonsense', async () => {
    const output = configFile('environment: mine\n');
    const engine = ['http://127.0.0.1:1'];
    const given = { engine, service: 'chat', output };
    await expect(initConfig(given)).rejects.toThrow(/there already/);
    expect(readFileSync(output, 'utf8')).toBe('environment: mine\n');
    await run(() => initConfig({ ...given, force: true }));
    expect(readFileSync(output, 'utf8')).toContain('chat');
    const other = path.join(scratchFolder(), 'p.yaml');
    const wrong = { ...given, output: other, engine: ['ftp://x'] };
    await expect(initConfig(wrong)).rejects.toThrow(/expected a URL/);
    expect(existsSync(other)).toBe(false);
  });
});

describe('paramedic doctor', () => {
  it('says what answers, what does not, and how to mend it', async () => {
    const { port } = await serve(() => ({ body: ENGINE_METRICS }));
    const [dead, api, temporal] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    const file = configFile(
      `dataDir: ${scratchFolder()}
temporal: { port: ${temporal} }
server: { port: ${api} }
services:
  - name: chat
    replicas:
      - { name: e1, url: 'http://127.0.0.1:${port}' }
      - { name: e2, url: 'http://127.0.0.1:${dead}' }
`,
    );
    const { code, output } = await run(() => runDoctor(file, { json: true }));
    expect(code).toBe(1);
    const { findings } = JSON.parse(output) as { findings: { what: string; state: string }[] };
    const states = Object.fromEntries(findings.map(({ what, state }) => [what, state]));
    expect(states).toMatchObject({
      configuration: 'ok',
      ...{ 'chat/e1': 'ok', 'chat/e2': 'fail', Temporal: 'warn', server: 'warn' },
    });
  });

  it('says which of several detectors watches what, and which of them nothing', async () => {
    const [api, temporal] = [await findFreePort(), await findFreePort()];
    const file = configFile(
      `dataDir: ${scratchFolder()}
temporal: { port: ${temporal} }
server: { port: ${api} }
detector: { shards: [{ port: 1 }, { port: 2 }] }
services: [{ name: chat, replicas: [{ name: e1, url: 'http://127.0.0.1:1' }] }]
`,
    );
    const { output } = await run(() => runDoctor(file, {}));
    const owner = shardsOf('chat', { shards: 2, copies: 1 })[0]!;
    expect(output).toContain(`ok    detector-${owner}: watches chat`);
    expect(output).toContain(`warn  detector-${3 - owner}: no service falls to it`);
  });

  it('tells the mistakes of a configuration, with their lines', async () => {
    const file = configFile('server:\n  host: 0.0.0.0\n');
    const { code, output } = await run(() => runDoctor(file, {}));
    expect(code).toBe(1);
    expect(output).toMatch(/:2 server\.host: .*paramedic token create/);
  });
});

describe('paramedic config', () => {
  it('validates', async () => {
    const right = configFile('environment: x\n');
    expect((await run(later(() => validateConfig(right, {})))).code).toBe(0);
    const wrong = configFile('servr: {}\n');
    const { code, output } = await run(later(() => validateConfig(wrong, { json: true })));
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ problems: [{ line: 1, path: 'servr' }] });
  });

  it('tells what differs, by name and with defaults, and hides passwords', async () => {
    const one = configFile('environment: x\n');
    const archive = "archive: { kind: postgres, url: 'postgres://u:secret@h/d' }\n";
    const other = configFile(`environment: x\nserver: { port: 2300 }\n${archive}`);
    const { code, output } = await run(later(() => diffConfigs(one, other, {})));
    expect(code).toBe(1);
    expect(output).toContain('server.port\n  - 2242\n  + 2300\n');
    expect(output).not.toContain('secret');
    expect((await run(later(() => diffConfigs(one, one, {})))).code).toBe(0);
  });

  it('prints its schema', async () => {
    const { output } = await run(later(() => showConfigSchema()));
    expect(JSON.parse(output)).toMatchObject({ properties: { server: { type: 'object' } } });
  });
});

describe('paramedic token create', () => {
  it('prints a token that its line of the configuration admits', async () => {
    const { output } = await run(later(() => createNamedToken({ role: 'operator', name: 'x' })));
    const token = /pmt_[\w-]{43}/.exec(output)?.[0] ?? '';
    const yaml = output.slice(output.indexOf('server:')).split('\n\n')[0] ?? '';
    const { tokens } = parseConfig(yaml, 'x.yaml', {}).server;
    const { read } = tokenReader(tokens, Date.now);
    expect(await read(token)).toMatchObject({ name: 'x', role: 'operator' });
    expect(await read(`${token.slice(0, -1)}~`)).toBeUndefined();
    expect(yaml).not.toContain(token);
  });

  it('takes no other role, and no name that would break the line', () => {
    expect(() => createNamedToken({ role: 'root', name: 'x' })).toThrow(/viewer, operator, admin/);
    expect(() => createNamedToken({ role: 'admin', name: 'x }' })).toThrow(/--name/);
  });
});
