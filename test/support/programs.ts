import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'vitest';

/** Programs that some tests run for real, beside Node and Temporal's. */
export type ProgramName = 'haproxy' | 'prometheus' | 'promtool' | 'chromium' | 'openssl';

/** Debian's package of each; `apt-get install` starts no service where .ci/run does it. */
const PACKAGES: Record<ProgramName, string> = {
  haproxy: 'haproxy',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  chromium: 'chromium',
  openssl: 'openssl',
};

/** Debian keeps servers in sbin, which an ordinary user's PATH lacks. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** Absolute path of a program, or undefined if the machine hasn't got it. */
function findProgram(name: ProgramName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...MORE_FOLDERS];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => path.resolve(folder, name))
    .find((candidate) => existsSync(candidate));
}

/**
 * `describe` for tests that run a program; `body` gets its absolute path.
 *
 * Where it is missing, the tests are counted as skipped, with the way to install it on standard
 * error; with `CI=true` they fail instead, since a pipeline that skips proves nothing.
 */
export function describeWithProgram(
  name: ProgramName,
  title: string,
  body: (program: string) => void,
): void {
  const found = findProgram(name);
  if (found !== undefined) {
    describe(title, () => body(found));
    return;
  }
  if (process.env['CI'] === 'true') throw new Error(`"${title}": ${installHint(name)}`);
  console.error(`skipped "${title}": ${installHint(name)}`);
  // The path is never used: a skipped suite registers its tests but runs none of them.
  describe.skip(`${title} (${name} is missing)`, () => body(`/missing/${name}`));
}

function installHint(name: ProgramName): string {
  return (
    `${name} is not installed; ` +
    `run: apt-get install -y --no-install-recommends ${PACKAGES[name]}`
  );
}
