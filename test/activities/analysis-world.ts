import type { World } from '../../src/activities/world.js';
import type { Archive } from '../../src/domain/archive.js';
import type { SeriesPoints } from '../../src/domain/ports.js';
import { FakeFleet } from '../workflows/fake-world.js';

/** What `analysis-worker-process.ts` is told, as JSON in its only argument. */
export interface AnalysisWorkerSettings {
  /** Temporal's `host:port`. */
  readonly address: string;
  readonly archivePath: string;
}

/** When engine-2 became slow, in the history of this world. */
export const ONSET_MS = 1_800_000_000_000;
const PERIOD_MS = 10_000;

/** An hour of three replicas, one of which is slow in its last minutes, and an archive that is real. */
export function analysisWorld(archive: Archive): World {
  const fleet = new FakeFleet();
  const world = fleet.world({} as World['coordination']);
  const series = ['engine-1', 'engine-2', 'engine-3'].map((replica): SeriesPoints => {
    const timesMs = Array.from({ length: 360 }, (_, i) => ONSET_MS + (i - 340) * PERIOD_MS);
    const values = timesMs.map((atMs, i) => {
      const ripple = ((i * 7919) % 13) / 2;
      return (replica === 'engine-2' && atMs >= ONSET_MS ? 900 : 100) + ripple;
    });
    return { service: 'chat', replica, metric: 'request_latency_p95', timesMs, values };
  });
  return { ...world, archive, history: { range: () => Promise.resolve(series) } };
}
