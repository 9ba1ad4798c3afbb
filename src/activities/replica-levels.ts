import { median, type ReplicaLevel } from '../domain/recovery/outlier.js';
import type { ServiceWorld, World } from './world.js';

/** Recent level of a metric for each replica that has samples: median of the last `overMs`. */
export async function replicaLevels(
  world: World,
  service: ServiceWorld,
  metric: string,
  nowMs: number,
  overMs: number,
): Promise<readonly ReplicaLevel[]> {
  const series = await world.history.range({
    service: service.name,
    metrics: [metric],
    fromMs: nowMs - overMs,
    toMs: nowMs,
  });
  return series.flatMap(({ replica, values }) =>
    replica === undefined || values.length === 0 ? [] : [{ replica, value: median(values) }],
  );
}
