import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A TypeScript program of the tests, bundled so that plain node runs it. */
export interface Program {
  readonly start: (...args: readonly string[]) => ChildProcess;
  /** The same where no file may grow beyond so many KiB, which is what a full disk looks like. */
  readonly startCramped: (maxFileKiB: number, ...args: readonly string[]) => ChildProcess;
  readonly dispose: () => Promise<void>;
}

/** Bundles `entry` (relative to the repository); packages stay where they are. */
export async function bundleProgram(entry: string): Promise<Program> {
  // Below node_modules, so that the packages it imports are found.
  const outfile = path.join(root, 'node_modules/.cache/paramedic', `${randomUUID()}.mjs`);
  await build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return {
    start: (...args) =>
      spawn(process.execPath, [outfile, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
    startCramped: (maxFileKiB, ...args) =>
      // The signal must be ignored, or the kernel ends the process instead of failing the write.
      spawn(
        'bash',
        [
          '-c',
          `ulimit -f ${maxFileKiB}; trap '' XFSZ; exec "$0" "$@"`,
          process.execPath,
          outfile,
          ...args,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    dispose: () => rm(outfile, { force: true }),
  };
}
