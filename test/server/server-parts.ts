import { onTestFinished } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import type { ServerParts } from '../../src/server/app.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import type { Incidents } from '../../src/server/incidents.js';

/** Parts of a server over an empty archive, with a detector that is away and no Temporal. */
export async function serverParts(more: Partial<ServerParts> = {}): Promise<ServerParts> {
  const archive = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => archive.close());
  return {
    archive,
    // No route that is asked for without further parts looks at incidents.
    incidents: {} as Incidents,
    detector: createDetectorClient('http://127.0.0.1:1'),
    serveArchive: () => Promise.reject(new Error('not asked for here')),
    metrics: () => Promise.resolve(''),
    problems: () => Promise.resolve([]),
    uiLink: () => '',
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
    version: '0.0.0',
    nowMs: Date.now,
    ...more,
  };
}
