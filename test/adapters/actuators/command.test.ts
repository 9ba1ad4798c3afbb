import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { command } from '../../../src/adapters/actuators/command.js';
import { scratchFolder } from '../../support/scratch.js';

const NODE = process.execPath;

/** A folder with a program `name` of Node source, run with the test's Node. */
function program(folder: string, name: string, source: string): string {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, `import fs from 'node:fs';\n${source}`);
  return file;
}

type Json = Readonly<Record<string, unknown>>;
const create = (commands: Json, more: Json = {}) =>
  command.create(command.schema.parse({ commands, timeout: '5s', ...more }));

/** A service whose state is a file: what an operator's scripts around systemd amount to. */
function scripted(more: Json = {}) {
  const folder = scratchFolder();
  const state = path.join(folder, 'state.json');
  const log = path.join(folder, 'log');
  writeFileSync(log, '');
  const write = (generation: number, active = 'v2', count = 2): void =>
    writeFileSync(state, JSON.stringify({ generation, active, count }));
  write(3);
  const read = `const at = ${JSON.stringify(state)};
    const state = JSON.parse(fs.readFileSync(at, 'utf8'));
    fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify(process.argv.slice(2)) + '\\n');\n`;
  const save = `fs.writeFileSync(at, JSON.stringify(state));\n`;
  const replicas = program(
    folder,
    'replicas',
    `const { generation, count } = JSON.parse(fs.readFileSync(${JSON.stringify(state)}, 'utf8'));
     console.log(JSON.stringify({ replicas: Array.from({ length: count }, (_, i) => ({
       name: 'r' + (i + 1), address: '127.0.0.1:1', state: 'running', release: 'v2', generation,
     })) }));`,
  );
  const releases = program(
    folder,
    'releases',
    `const { active } = JSON.parse(fs.readFileSync(${JSON.stringify(state)}, 'utf8'));
     console.log(JSON.stringify({ active, known: [{ id: 'v1', activatedAtMs: 5 }, { id: 'v2' }] }));`,
  );
  const act = (name: string, change: string): readonly string[] => [
    NODE,
    program(folder, name, `${read}${change}\n${save}`),
  ];
  const control = create(
    {
      replicas: [NODE, replicas],
      releases: [NODE, releases],
      restart: [
        ...act('restart', 'state.generation += 1;'),
        '{service}',
        '{replica}',
        '{operationId}',
        '{generation}',
      ],
      scale: [...act('scale', 'state.count = Number(process.argv[2]);'), '{replicas}'],
      activate: [...act('activate', 'state.active = process.argv[2];'), '{release}'],
    },
    more,
  );
  return {
    ...control,
    write,
    state: () => JSON.parse(readFileSync(state, 'utf8')) as Json,
    calls: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown),
  };
}

describe('command: what it acts on', () => {
  it('restarts once, and hands over names as they are', async () => {
    const { replicas, calls, state } = scripted();
    const ask = { operationId: 'run-1/step 2; rm $HOME `x`', ifGeneration: 3 };
    await replicas.restart('llm', 'r1', ask);
    await replicas.restart('llm', 'r1', ask);
    expect(state()).toMatchObject({ generation: 4 });
    expect(calls()).toEqual([['llm', 'r1', ask.operationId, '3']]);
  });

  it('changes nothing when the generation moved on, or the replica is not there', async () => {
    const { replicas, calls, write } = scripted();
    write(7);
    const ask = { operationId: 'late', ifGeneration: 3 };
    await expect(replicas.restart('llm', 'r1', ask)).rejects.toMatchObject({
      reason: 'rejected',
      message: 'replica "r1" has generation 7, not 3',
    });
    await expect(replicas.restart('llm', 'r9', ask)).rejects.toMatchObject({ reason: 'not-found' });
    expect(calls()).toEqual([]);
  });

  it('scales to an absolute number, once, and only from the number that was seen', async () => {
    const { replicas, calls, state } = scripted();
    await replicas.scale('llm', { operationId: 'a', replicas: 3, ifReplicas: 2 });
    await replicas.scale('llm', { operationId: 'a', replicas: 3, ifReplicas: 2 });
    await expect(
      replicas.scale('llm', { operationId: 'late', replicas: 4, ifReplicas: 2 }),
    ).rejects.toMatchObject({ reason: 'rejected', message: 'service "llm" has 3 replicas, not 2' });
    expect(calls()).toEqual([['3']]);
    expect(state()).toMatchObject({ count: 3 });
  });

  it('activates a release once, from the one that was seen, if it exists', async () => {
    const { deployment, calls, state } = scripted();
    expect(await deployment.releases('llm')).toEqual({
      active: 'v2',
      known: [
        { id: 'v1', activatedAtMs: 5 },
        { id: 'v2', activatedAtMs: undefined },
      ],
    });
    const ask = { operationId: 'a', release: 'v1', ifRelease: 'v2' };
    await deployment.activate('llm', ask);
    await deployment.activate('llm', ask);
    expect(state()).toMatchObject({ active: 'v1' });
    await expect(deployment.activate('llm', { ...ask, release: 'v2' })).rejects.toMatchObject({
      reason: 'rejected',
      message: 'service "llm" is on release "v1", not "v2"',
    });
    await expect(
      deployment.activate('llm', { ...ask, release: 'v9', ifRelease: 'v1' }),
    ).rejects.toMatchObject({ reason: 'not-found' });
    expect(calls()).toEqual([['v1']]);
  });

  it('never hands over a value that a program would take for an option', async () => {
    const { replicas } = create({ logs: [NODE, '-e', 'console.log("ran")', '{replica}'] });
    for (const name of ['--all', '-rf', '', 'a\nb', 'a\u0000b']) {
      await expect(replicas.logs('llm', name, 5), JSON.stringify(name)).rejects.toMatchObject({
        reason: 'rejected',
      });
    }
    expect(await replicas.logs('llm', 'r1', 5)).toBe('ran\n');
  });
});

describe('command: the program', () => {
  const script = (source: string, more: Json = {}) =>
    create({ logs: [NODE, '-e', source] }, more).replicas.logs('llm', 'r1', 1);

  it('sees the configured environment only', async () => {
    process.env['PARAMEDIC_TEST_SECRET'] = 'sesame';
    onTestFinished(() => {
      delete process.env['PARAMEDIC_TEST_SECRET'];
    });
    const source = 'console.log(JSON.stringify(process.env))';
    expect(JSON.parse(await script(source, { env: { ONLY: 'this' } }))).toEqual({ ONLY: 'this' });
    expect(await script(source)).not.toContain('sesame');
  });

  it.each([
    [1, 'rejected'],
    [69, 'unreachable'],
    [75, 'unreachable'],
    [77, 'unauthorized'],
    [4, 'unreachable'],
  ])('turns exit code %i into %s, with what it said', async (code, reason) => {
    const source = `console.error('no such unit'); process.exit(${code})`;
    await expect(script(source, { exitCodes: { '4': 'unreachable' } })).rejects.toMatchObject({
      reason,
      message: `${NODE} exited with ${code}: no such unit`,
    });
  });

  it('is asked to stop when it runs too long, and its children with it', async () => {
    const folder = scratchFolder();
    const asked = path.join(folder, 'asked');
    const alive = path.join(folder, 'alive');
    // The grandchild ignores SIGTERM and would go on acting.
    const grandchild = `process.on('SIGTERM', () => {}); setInterval(() => fs.writeFileSync(${JSON.stringify(alive)}, String(Date.now())), 20);`;
    const source = `
      const fs = require('node:fs');
      require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
        `const fs = require('node:fs'); ${grandchild}`,
      )}], { stdio: 'ignore' });
      process.on('SIGTERM', () => { fs.writeFileSync(${JSON.stringify(asked)}, ''); process.exit(0); });
      setInterval(() => {}, 1000);`;
    await expect(script(source, { timeout: '700ms', killGrace: '5s' })).rejects.toMatchObject({
      reason: 'timeout',
      message: `${NODE} had not ended after 700 ms`,
    });
    expect(existsSync(asked)).toBe(true);
    await sleep(100);
    const lastSign = readFileSync(alive, 'utf8');
    await sleep(200);
    expect(readFileSync(alive, 'utf8')).toBe(lastSign);
  });

  it('is killed when it does not stop', async () => {
    const startedAtMs = Date.now();
    const source = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
    await expect(script(source, { timeout: '400ms', killGrace: '200ms' })).rejects.toMatchObject({
      reason: 'timeout',
    });
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
  });

  it('is stopped when it prints without end', async () => {
    const source = `process.stdout.on('error', () => process.exit(1)); setInterval(() => process.stdout.write('x'.repeat(65536)), 1);`;
    await expect(script(source, { maxOutputBytes: 100_000 })).rejects.toMatchObject({
      reason: 'rejected',
      message: `${NODE} printed over 100000 bytes`,
    });
  });

  it('does not wait for ever for a daemon that keeps its output open', async () => {
    const source = `
      const child = require('node:child_process').spawn(process.execPath,
        ['-e', 'setTimeout(() => {}, 4000)'], { stdio: 'inherit', detached: true });
      child.unref(); console.log('started');`;
    const startedAtMs = Date.now();
    expect(await script(source)).toBe('started\n');
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
  });

  it('is named when it can not be started or prints something else', async () => {
    const missing = create({ logs: ['paramedic-no-such-program'] });
    await expect(missing.replicas.logs('llm', 'r1', 1)).rejects.toMatchObject({
      reason: 'not-found',
      message: expect.stringContaining("paramedic-no-such-program can't be started") as string,
    });
    expect(await missing.check()).toEqual([
      'command "logs": paramedic-no-such-program is not there or can\'t be executed',
    ]);
    const file = path.join(scratchFolder(), 'plain');
    writeFileSync(file, 'text');
    chmodSync(file, 0o644);
    await expect(create({ logs: [file] }).replicas.logs('llm', 'r1', 1)).rejects.toMatchObject({
      reason: 'unauthorized',
    });
    const garbage = create({ replicas: [NODE, '-e', 'console.log("r1 up")'] });
    await expect(garbage.replicas.replicas('llm')).rejects.toMatchObject({
      reason: 'rejected',
      message: 'command "replicas" printed something else: r1 up',
    });
    expect(await create({ logs: ['env'], replicas: [NODE] }).check()).toEqual([]);
  });

  it('is asked for by name when it is not configured', async () => {
    await expect(create({}).replicas.replicas('llm')).rejects.toMatchObject({
      reason: 'rejected',
      message: 'no command "replicas" is configured; add it to the actuator\'s "commands"',
    });
    expect(await create({}).deployment.changes('llm', 0)).toEqual([]);
  });
});

describe('command: its settings', () => {
  const problemOf = (commands: Json): string =>
    command.schema.safeParse({ commands }).error?.issues[0]?.message ?? 'accepted';

  it('takes placeholders as whole arguments only', () => {
    expect(problemOf({ logs: ['journalctl', '-u', '{replica}'] })).toBe('accepted');
    expect(problemOf({ logs: ['journalctl', 'engine@{replica}'] })).toContain('whole argument');
    expect(problemOf({ logs: ['journalctl', '{nonsense}'] })).toContain('whole argument');
    expect(problemOf({ logs: ['{replica}'] })).toContain('expected a program');
    expect(problemOf({ logs: [] })).not.toBe('accepted');
  });

  it('wants the commands that fence the acting ones', () => {
    expect(problemOf({ restart: ['restart-it', '{replica}'] })).toContain('needs "replicas"');
    expect(problemOf({ activate: ['deploy', '{release}'] })).toContain('needs "releases"');
  });
});
