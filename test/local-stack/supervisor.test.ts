import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../src/adapters/temporal/pid-lock.js';
import { startProcess, type ProcessPlan } from '../../src/local-stack/running-process.js';
import { eventWords, Supervisor, type SupervisionEvent } from '../../src/local-stack/supervisor.js';

/** A program that says it is up after running `body`, and then stays. */
function program(body: string, more: Partial<ProcessPlan> = {}): ProcessPlan {
  return {
    command: process.execPath,
    args: ['-e', `${body}; console.log('{"ready":true}'); setInterval(() => {}, 1000);`],
    env: process.env,
    onLine: () => undefined,
    isReady: (line) => line === '{"ready":true}',
    readyWithinMs: 10_000,
    ...more,
  };
}

function supervise(
  plan: () => ProcessPlan,
  stopWithinMs = 5_000,
): { supervisor: Supervisor; events: SupervisionEvent[] } {
  const events: SupervisionEvent[] = [];
  const supervisor = new Supervisor({
    name: 'worker',
    start: (hooks) => startProcess(plan(), hooks),
    onEvent: (event) => void events.push(event),
    stopWithinMs,
  });
  onTestFinished(() => supervisor.stop());
  return { supervisor, events };
}

const kinds = (events: readonly SupervisionEvent[]): string[] => events.map(({ kind }) => kind);

describe('Supervisor', () => {
  it('brings a process back half a second after a kill -9', async () => {
    const { supervisor, events } = supervise(() => program(''));
    const { pid } = await supervisor.start();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => kinds(events), { timeout: 8_000 }).toContain('restarted');
    expect(kinds(events)).toEqual(['spawned', 'ended', 'died', 'spawned', 'restarted']);
    const died = events.find((event) => event.kind === 'died');
    expect(died).toEqual({
      kind: 'died',
      pid,
      exit: { code: null, signal: 'SIGKILL' },
      restartInMs: 500,
    });
    const back = events.find((event) => event.kind === 'restarted');
    expect(back?.pid).not.toBe(pid);
    expect(isAlive(back?.pid ?? 0)).toBe(true);
    expect(back?.downMs).toBeGreaterThanOrEqual(490);
    await supervisor.stop();
    expect(isAlive(back?.pid ?? 0)).toBe(false);
  });

  it('waits longer each time for a process that does not come up again', async () => {
    let starts = 0;
    const { supervisor, events } = supervise(() => {
      starts += 1;
      return program(starts === 1 ? '' : 'console.error("no database"); process.exit(3)');
    });
    process.kill((await supervisor.start()).pid, 'SIGKILL');
    const failures = () => events.filter((event) => event.kind === 'restart-failed');
    await expect.poll(() => failures().length, { timeout: 10_000 }).toBe(2);
    expect(failures().map(({ restartInMs }) => restartInMs)).toEqual([1_000, 2_000]);
    expect(failures()[0]?.problem).toBe('ended at start (exit code 3)\n    no database');
    // Stopped while it waits for the next try: at once.
    const stoppedAtMs = Date.now();
    await supervisor.stop();
    expect(Date.now() - stoppedAtMs).toBeLessThan(500);
  }, 20_000);

  it('leaves a first failure to the caller, with the last words', async () => {
    const { supervisor, events } = supervise(() =>
      program('console.error("paramedic.yaml:4 unknown key"); process.exit(1)'),
    );
    await expect(supervisor.start()).rejects.toThrow(
      'ended at start (exit code 1)\n    paramedic.yaml:4 unknown key',
    );
    expect(kinds(events)).toEqual(['spawned', 'ended']);
  });

  it('gives up a process that never becomes ready, and ends it', async () => {
    const { supervisor, events } = supervise(() =>
      program('', { isReady: () => false, readyWithinMs: 700 }),
    );
    await expect(supervisor.start()).rejects.toThrow('was not ready within 700 ms');
    expect(isAlive(events[0]?.kind === 'spawned' ? events[0].pid : 0)).toBe(false);
  });

  it('reports a program that is absent', async () => {
    const { supervisor } = supervise(() => program('', { command: '/missing/program' }));
    await expect(supervisor.start()).rejects.toThrow('could not be started');
  });

  it('kills a process that ignores SIGTERM, with what it started, after the bound', async () => {
    const lines: string[] = [];
    const stubborn = `
      process.on('SIGTERM', () => {});
      const child = require('node:child_process').spawn('sleep', ['1000']);
      console.log(child.pid)`;
    const { supervisor } = supervise(
      () => program(stubborn, { onLine: (line) => void lines.push(line) }),
      300,
    );
    const { pid } = await supervisor.start();
    const grandchild = Number(lines[0]);
    expect(isAlive(grandchild)).toBe(true);
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    await expect.poll(() => isAlive(grandchild)).toBe(false);
  });

  it('stops in the middle of a start', async () => {
    const { supervisor, events } = supervise(() => program('', { isReady: () => false }));
    const starting = supervisor.start();
    const failed = expect(starting).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => kinds(events)).toEqual(['spawned']);
    await supervisor.stop();
    await failed;
    expect(kinds(events)).toEqual(['spawned', 'ended']);
  });
});

describe('eventWords', () => {
  it('says in one line who died of what and when it comes back', () => {
    const exit = { code: null, signal: 'SIGKILL' } as const;
    expect(eventWords('worker', { kind: 'died', pid: 7, exit, restartInMs: 500 })).toBe(
      'worker (process 7) died: SIGKILL; restarting in 0.5 s',
    );
    expect(eventWords('worker', { kind: 'restarted', pid: 8, downMs: 1_234 })).toBe(
      'worker is back as process 8, after 1.2 s',
    );
    expect(eventWords('worker', { kind: 'spawned', pid: 8 })).toBeUndefined();
  });
});
