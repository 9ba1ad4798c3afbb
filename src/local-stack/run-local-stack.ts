import path from 'node:path';
import { acquirePidLock } from '../adapters/temporal/pid-lock.js';
import { LocalStack } from './local-stack.js';
import { runFolder } from './pid-files.js';
import { ProcessRegister } from './process-register.js';
import { assertPortsFree, requiredPorts } from './required-ports.js';
import type { StartSettings } from './start-settings.js';
import { untilToldToStop } from './stop-signal.js';
import type { Terminal } from './terminal.js';
import { welcome } from './welcome.js';

/** Exit codes: stopped in order, could not start, and killed by a second Ctrl-C (128 + SIGINT). */
const STOPPED = 0;
const FAILED = 1;
const KILLED = 130;

/**
 * Starts everything, tells the story until Ctrl-C, SIGTERM or SIGHUP, stops everything, and
 * returns the exit code. A second Ctrl-C kills at once. Whatever happens, no process is left.
 *
 * One launcher at a time runs in a data folder; the next one continues where it stopped.
 */
export async function runLocalStack(settings: StartSettings, terminal: Terminal): Promise<number> {
  const lock = acquirePidLock(path.join(runFolder(settings.dataDir), 'launcher.lock'));
  if (lock.state === 'held') {
    return fail(
      terminal,
      `paramedic already runs with the data in ${settings.dataDir} (process ${lock.pid}); ` +
        `stop it with \`kill ${lock.pid}\`, or give this one another folder (dataDir)`,
    );
  }
  try {
    await assertPortsFree(requiredPorts(settings));
    return await startAndStop(settings, terminal);
  } catch (error) {
    return fail(terminal, (error as Error).message);
  } finally {
    lock.release();
  }
}

async function startAndStop(settings: StartSettings, terminal: Terminal): Promise<number> {
  const register = new ProcessRegister(settings.dataDir, (problem) =>
    terminal.line(terminal.paint('yellow', problem)),
  );
  const stack = new LocalStack(settings, register, terminal);
  const told = untilToldToStop();
  try {
    const startedAtMs = Date.now();
    const starting = stack.start();
    const problem = await Promise.race([
      starting.then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
      told.first.then(() => undefined),
    ]);
    if (problem === undefined && !told.isTold()) {
      const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
      terminal.line(welcome(settings, seconds, terminal));
      await told.first;
    }
    if (problem !== undefined) fail(terminal, problem.message);
    terminal.idle();
    terminal.line('stopping (Ctrl-C again kills at once)');
    const ended = await Promise.race([
      stack.stop().then(() => 'stopped' as const),
      told.second.then(() => 'killed' as const),
    ]);
    if (ended === 'killed') {
      register.killAll();
      terminal.line('killed');
      return KILLED;
    }
    terminal.line('stopped');
    return problem === undefined ? STOPPED : FAILED;
  } finally {
    told.forget();
    register.close();
  }
}

function fail(terminal: Terminal, message: string): number {
  terminal.idle();
  terminal.line(`${terminal.paint('red', 'error')}  ${message}`);
  return FAILED;
}
