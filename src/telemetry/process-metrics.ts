import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Registry } from './registry.js';

/** How often the event loop's delay is sampled: finer costs CPU, coarser misses short stalls. */
const RESOLUTION_MS = 20;

/**
 * Adds CPU, memory, start and event loop of this process. Returns what stops the sampling.
 *
 * The lag is the longest and the 99th percentile since the last exposition, beyond the sampling
 * interval itself. A block shows at the first exposition after it, unless it began within 20 ms after
 * the one before, when Node's histogram takes no samples.
 */
export function addProcessMetrics(registry: Registry): () => void {
  const cpu = registry.counter(
    'paramedic_process_cpu_seconds_total',
    'CPU time of this process, user and system.',
    {},
  );
  const memory = registry.gauge(
    'paramedic_process_resident_memory_bytes',
    'Resident memory of this process.',
    {},
  );
  const heap = registry.gauge(
    'paramedic_process_heap_used_bytes',
    'Used part of the JavaScript heap of this process.',
    {},
  );
  const start = registry.gauge(
    'paramedic_process_start_time_seconds',
    'Start of this process, in Unix seconds.',
    {},
  );
  const lag = registry.gauge(
    'paramedic_event_loop_lag_seconds',
    'Delay of the event loop since the last exposition.',
    { stat: ['p99', 'max'] },
  );
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  start.set({}, Date.now() / 1000 - process.uptime());
  registry.onCollect(() => {
    const { user, system } = process.cpuUsage();
    cpu.startAt({}, (user + system) / 1e6);
    const { rss, heapUsed } = process.memoryUsage();
    memory.set({}, rss);
    heap.set({}, heapUsed);
    const beyond = (ns: number) => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1e3);
    lag.set({ stat: 'p99' }, beyond(delay.percentile(99)));
    lag.set({ stat: 'max' }, beyond(delay.max));
    delay.reset();
  });
  return () => {
    delay.disable();
  };
}
