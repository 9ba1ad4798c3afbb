import { MetricPage } from '../base/exposition.js';
import type { Replica } from './replica.js';

/** A card of 24 GiB whose weights and KV pool are allocated at start, as engines do; MiB. */
const usedMiB = 21_504;
const freeMiB = 2_560;
/** Clock of a cool card and of one that is held down, MHz; temperatures in °C. */
const clockMHz = { cool: 1410, throttled: 585 } as const;
const degrees = { idle: 46, perGpuPercent: 0.22, throttled: 92 } as const;

/**
 * What a host's exporters would show: DCGM's names for the GPU, and each engine's process.
 * A replica without a process has no series, as with the real exporters.
 */
export function hostMetrics(replicas: readonly Replica[]): string {
  const alive = replicas.flatMap((replica) => {
    const { vitals } = replica;
    return vitals === undefined ? [] : [{ replica: replica.name, vitals }];
  });
  const page = new MetricPage();
  const gpu = (
    name: string,
    help: string,
    valueOf: (vitals: (typeof alive)[number]['vitals']) => number,
  ): void => {
    page.family(name, 'gauge', help);
    for (const { replica, vitals } of alive) {
      page.sample(name, { gpu: '0', replica }, valueOf(vitals));
    }
  };
  gpu('DCGM_FI_DEV_GPU_UTIL', 'GPU utilization (in %).', (v) => Math.round(v.gpuPercent));
  gpu('DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', () => usedMiB);
  gpu('DCGM_FI_DEV_FB_FREE', 'Framebuffer memory free (in MiB).', () => freeMiB);
  gpu('DCGM_FI_DEV_SM_CLOCK', 'SM clock frequency (in MHz).', (v) =>
    v.isThrottled ? clockMHz.throttled : clockMHz.cool,
  );
  gpu('DCGM_FI_DEV_GPU_TEMP', 'GPU temperature (in C).', (v) =>
    v.isThrottled
      ? degrees.throttled
      : Math.round(degrees.idle + degrees.perGpuPercent * v.gpuPercent),
  );
  gpu('DCGM_FI_DEV_XID_ERRORS', 'Value of the last XID error encountered.', () => 0);
  page.family('process_cpu_seconds_total', 'counter', 'CPU time of the engine process.');
  for (const { replica, vitals } of alive) {
    page.sample('process_cpu_seconds_total', { replica }, vitals.cpuSeconds);
  }
  page.family('process_resident_memory_bytes', 'gauge', 'Resident memory of the engine process.');
  for (const { replica, vitals } of alive) {
    page.sample('process_resident_memory_bytes', { replica }, vitals.rssBytes);
  }
  page.family('fleet_replica_up', 'gauge', 'Whether the replica has a process that is ready.');
  for (const replica of replicas) {
    const isUp = replica.view().state === 'running';
    page.sample('fleet_replica_up', { replica: replica.name }, isUp ? 1 : 0);
  }
  return page.text();
}
