import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../src/adapters/temporal/port.js';
import { isAlive } from '../../src/adapters/temporal/pid-lock.js';
import { readPidFiles } from '../../src/local-stack/pid-files.js';
import type { StartSettings } from '../../src/local-stack/start-settings.js';
import { scratchFolder } from '../support/scratch.js';

/**
 * The launcher as a process, with the real Temporal and stand-ins for the roles: only its own work,
 * that of starting, watching and stopping, is judged here. (test/e2e has the real roles.)
 */
const ROLE = `
  import { appendFileSync } from 'node:fs';
  import { exitWithParent } from './dist/src/local-stack/parent-watch.js';
  exitWithParent();
  const role = process.argv[2];
  const note = (what) => appendFileSync('order.txt', what + ' ' + role + '\\n');
  const stubborn = process.env.STUBBORN === role;
  process.on('SIGTERM', () => { note('stop'); if (!stubborn) process.exit(0); });
  note('start');
  console.log(JSON.stringify({ level: 30, time: Date.now(), ready: true, msg: 'ready' }));
  console.log(JSON.stringify({ level: 30, time: Date.now(), story: 'breach', msg: role + ' speaks' }));
  setInterval(() => {}, 1000);
`;

interface Launcher {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly dataDir: string;
  readonly text: () => string;
}

async function launch(folder: string, env: NodeJS.ProcessEnv = {}): Promise<Launcher> {
  const listen = async () => ({ host: '127.0.0.1', port: await findFreePort() });
  const dataDir = path.join(folder, 'data');
  const settings: StartSettings = {
    configPath: 'demo.yaml',
    dataDir,
    temporal: {
      kind: 'dev-server',
      binary: undefined,
      namespace: 'fleet',
      port: await findFreePort(),
      uiPort: await findFreePort(),
      codecPort: undefined,
    },
    searchAttributes: { Service: 'Keyword' },
    fleet: undefined,
    logs: { maxBytes: 1_000_000, keep: 1 },
    detectors: [
      { ...(await listen()), name: 'detector', setting: 'detector.port', number: 1, of: 1 },
    ],
    server: await listen(),
  };
  const child = spawn(process.execPath, ['launch.mjs', JSON.stringify(settings)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  onTestFinished(async () => {
    const parts = readPidFiles(dataDir);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    for (const { pid, alive } of parts) if (alive) process.kill(pid, 'SIGKILL');
  });
  return { child, folder, dataDir, text: () => text };
}

/** A checkout with the built launcher and the stand-ins. */
function checkout(): string {
  const folder = scratchFolder();
  const root = path.resolve(import.meta.dirname, '../..');
  for (const part of ['local-stack', 'adapters', 'domain']) {
    cpSync(path.join(root, 'dist/src', part), path.join(folder, 'dist/src', part), {
      recursive: true,
    });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(path.join(folder, 'bin'));
  writeFileSync(path.join(folder, 'role.mjs'), ROLE);
  writeFileSync(path.join(folder, 'bin/paramedic'), `await import('../role.mjs');`);
  writeFileSync(
    path.join(folder, 'launch.mjs'),
    `import { runLocalStack } from './dist/src/local-stack/run-local-stack.js';
     import { Terminal } from './dist/src/local-stack/terminal.js';
     const settings = JSON.parse(process.argv[2]);
     process.exitCode = await runLocalStack(settings, new Terminal(process.stdout, process.env));`,
  );
  return folder;
}

async function untilUp({ text }: Launcher): Promise<void> {
  await expect.poll(text, { timeout: 30_000 }).toContain('paramedic is up after');
}

const order = ({ folder }: Launcher): string[] =>
  readFileSync(path.join(folder, 'order.txt'), 'utf8').trim().split('\n');

const livePids = ({ dataDir }: Launcher): number[] =>
  readPidFiles(dataDir).flatMap(({ pid, alive }) => (alive ? [pid] : []));

describe('the launcher', () => {
  it('starts in order, tells the story, restarts what dies, stops in reverse, and starts again', async () => {
    const folder = checkout();
    const first = await launch(folder);
    await untilUp(first);
    expect(readPidFiles(first.dataDir).map(({ name }) => name)).toEqual([
      'detector',
      'server',
      'temporal',
      'worker',
    ]);
    expect(first.text()).toMatch(/\d\d:\d\d:\d\d {2}breach {9}worker speaks\n/);
    expect(readFileSync(path.join(first.dataDir, 'log/worker.log'), 'utf8')).toContain('"ready"');

    const second = await launch(folder);
    expect(await once(second.child, 'exit')).toEqual([1, null]);
    expect(second.text()).toContain(`(process ${first.child.pid})`);

    for (const name of ['worker', 'temporal']) {
      const found = readPidFiles(first.dataDir).find((part) => part.name === name);
      process.kill(found?.pid ?? 0, 'SIGKILL');
      await expect.poll(first.text, { timeout: 10_000 }).toContain(`${name} is back as process`);
    }

    const pids = livePids(first);
    expect(pids).toHaveLength(4);
    // As a terminal does under npm: twice, at once.
    first.child.kill('SIGINT');
    first.child.kill('SIGINT');
    expect(await once(first.child, 'exit')).toEqual([0, null]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(order(first).slice(-3)).toEqual(['stop server', 'stop detector', 'stop worker']);
    expect(readPidFiles(first.dataDir)).toEqual([]);
    expect(first.text()).toMatch(/stopped\n$/);

    const third = await launch(folder);
    await untilUp(third);
    third.child.kill('SIGTERM');
    expect(await once(third.child, 'exit')).toEqual([0, null]);
  }, 90_000);

  it('kills at once at a second Ctrl-C, when a role hangs', async () => {
    const launcher = await launch(checkout(), { STUBBORN: 'server' });
    await untilUp(launcher);
    const pids = livePids(launcher);
    launcher.child.kill('SIGINT');
    await expect.poll(() => order(launcher)).toContain('stop server');
    // Only what comes 400 ms after the first counts as a second one, since npm repeats the first.
    await new Promise<void>((resolve) => setTimeout(resolve, 600));
    expect(pids.filter(isAlive)).toHaveLength(4);
    launcher.child.kill('SIGINT');
    expect(await once(launcher.child, 'exit')).toEqual([130, null]);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  }, 60_000);

  it('kills a role that hangs after its bound', async () => {
    const launcher = await launch(checkout(), { STUBBORN: 'detector' });
    await untilUp(launcher);
    const pids = livePids(launcher);
    launcher.child.kill('SIGTERM');
    expect(await once(launcher.child, 'exit')).toEqual([0, null]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(order(launcher).slice(-3)).toEqual(['stop server', 'stop detector', 'stop worker']);
  }, 60_000);

  it('leaves nothing behind when it is stopped in the middle of its start, or killed', async () => {
    const folder = checkout();
    const stopped = await launch(folder);
    await expect.poll(() => livePids(stopped), { timeout: 20_000, interval: 5 }).toHaveLength(1);
    const early = livePids(stopped);
    stopped.child.kill('SIGINT');
    expect(await once(stopped.child, 'exit')).toEqual([0, null]);
    expect(early.filter(isAlive)).toEqual([]);

    const killed = await launch(folder);
    await untilUp(killed);
    const pids = livePids(killed);
    expect(pids).toHaveLength(4);
    killed.child.kill('SIGKILL');
    await expect.poll(() => pids.filter(isAlive), { timeout: 15_000 }).toEqual([]);

    // Its lock and its pid files are nobody's now.
    const next = await launch(folder);
    await untilUp(next);
    next.child.kill('SIGINT');
    expect(await once(next.child, 'exit')).toEqual([0, null]);
  }, 90_000);
});
