import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../src/local-stack/project-root.js';
import { provisionTemporal, provisionTestServer } from '../../src/adapters/temporal/binary.js';

/**
 * Runs once per `vitest run`: builds dist/ with the workflow bundle (nothing to do when no source
 * changed), and fetches Temporal's programs into the cache, so that no test's timeout pays for it.
 */
export default async function setup(): Promise<void> {
  const build = path.join(projectRoot(), 'scripts/build.mjs');
  execFileSync(process.execPath, [build], { stdio: 'inherit' });
  await Promise.all([provisionTemporal(), provisionTestServer()]);
}
