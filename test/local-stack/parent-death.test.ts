import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../src/adapters/temporal/pid-lock.js';
import { readPidFiles } from '../../src/local-stack/pid-files.js';
import { scratchFolder } from '../support/scratch.js';

const built = (name: string): string =>
  JSON.stringify(
    pathToFileURL(path.resolve(import.meta.dirname, '../../dist/src/local-stack', name)).href,
  );

/** Runs a module that uses the built launcher's parts; `heard` is all it has printed. */
function run(
  code: string,
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; heard: () => string } {
  const file = path.join(scratchFolder(), 'program.mjs');
  writeFileSync(file, code);
  const child = spawn(process.execPath, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, heard: () => text };
}

describe('a launcher that is killed with kill -9', () => {
  it('leaves no process behind, not even one that watches nothing', async () => {
    const dataDir = scratchFolder();
    // Two groups: one that would live for ever, one that also ignores SIGTERM and has a child.
    const { child, heard } = run(`
      import { spawn } from 'node:child_process';
      import { ProcessRegister } from ${built('process-register.js')};
      const register = new ProcessRegister(${JSON.stringify(dataDir)});
      const plain = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
      const group = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { detached: true });
      register.spawned('temporal', plain.pid);
      register.spawned('fleet', group.pid);
      group.stdout.on('data', (grandchild) => console.log(plain.pid, group.pid, String(grandchild)));
    `);
    await expect.poll(() => heard().trim().split(/\s+/).length, { timeout: 10_000 }).toBe(3);
    const pids = heard().trim().split(/\s+/).map(Number);
    onTestFinished(() => pids.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')));
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    expect(readPidFiles(dataDir)).toEqual([
      { name: 'fleet', pid: pids[1], alive: true },
      { name: 'temporal', pid: pids[0], alive: true },
    ]);

    child.kill('SIGKILL');
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
    expect(readPidFiles(dataDir).map(({ alive }) => alive)).toEqual([false, false]);
  }, 20_000);
});

describe('exitWithParent', () => {
  const role = (onTerm: string): string => `
    import { exitWithParent } from ${built('parent-watch.js')};
    exitWithParent();
    process.on('SIGTERM', () => { ${onTerm} });
    setInterval(() => {}, 1000);
    console.log('up');`;

  it('ends a role in order when its launcher is gone', async () => {
    const { child, heard } = run(role(`console.log('closed'); process.exit(0)`), {
      PARAMEDIC_PARENT: '1',
    });
    await expect.poll(heard, { timeout: 10_000 }).toBe('up\n');
    child.stdin?.end();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(heard()).toBe('up\nclosed\n');
  });

  it('ends a role that hangs, after its bound', async () => {
    const { child, heard } = run(role(''), { PARAMEDIC_PARENT: '1' });
    await expect.poll(heard, { timeout: 10_000 }).toBe('up\n');
    child.stdin?.end();
    expect(await once(child, 'close')).toEqual([1, null]);
  });

  it('lets a role live that was not started by the launcher', async () => {
    const { child, heard } = run(role(`console.log('told'); process.exit(0)`), {
      PARAMEDIC_PARENT: '',
    });
    await expect.poll(heard, { timeout: 10_000 }).toBe('up\n');
    child.stdin?.end();
    child.kill('SIGTERM');
    await once(child, 'close');
    // Only the signal ended it: with the watch, it would have been told twice or before.
    expect(heard()).toBe('up\ntold\n');
  });

  it('does not keep a process alive that has nothing left to do', async () => {
    const { child } = run(
      `import { exitWithParent } from ${built('parent-watch.js')}; exitWithParent();`,
      { PARAMEDIC_PARENT: '1' },
    );
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});
