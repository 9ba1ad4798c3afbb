import { entityOf, type IncidentEvidence } from './evidence.js';
import type { CallEdge } from './rank-input.js';
import { signalOf, type Signal } from './signal.js';

/** The part of a replica that a signal is measured at; undefined for what belongs to the replica as such. */
export function componentOf(signal: Signal): Component | undefined {
  switch (signal) {
    case 'gpu-clock':
    case 'gpu-errors':
    case 'gpu-memory':
    case 'gpu-temperature':
    case 'gpu-utilization':
      return 'gpu';
    case 'kv-usage':
    case 'prefix-hits':
    case 'preemptions':
      return 'kv-cache';
    case 'cpu':
    case 'memory':
    case 'network':
      return 'host';
    case 'running':
    case 'queue':
    case 'stall':
    case 'throughput':
      return 'engine';
    case 'latency':
    case 'errors':
    case 'availability':
    case 'connections':
    case 'load':
    case 'tenant-load':
    case 'prompt-size':
      return undefined;
  }
}
export type Component = 'engine' | 'kv-cache' | 'gpu' | 'host';

/**
 * Who depends on whom, as far as it is told or can be read off what is measured: what is configured, then
 * the service on its replicas, and each replica on its engine, the engine on its KV cache, GPU and host,
 * where any series of those exists. Components are named `service/replica#component`.
 */
export function topologyOf({ topology, series }: IncidentEvidence): CallEdge[] {
  const edges = new Map<string, CallEdge>();
  const add = (from: string, to: string): void => void edges.set(`${from}\n${to}`, { from, to });
  for (const { from, to } of topology) add(from, to);
  for (const { service, replica, metric } of series) {
    if (replica === undefined) continue;
    const entity = entityOf(service, replica);
    add(service, entity);
    const signal = signalOf(metric);
    const component = signal && componentOf(signal);
    if (component === undefined) continue;
    add(entity, `${entity}#engine`);
    if (component !== 'engine') add(`${entity}#engine`, `${entity}#${component}`);
  }
  return [...edges.values()];
}
