import type { z } from 'zod';
import type { Deployment, EngineAdmin, LoadBalancer, ReplicaControl } from '../../domain/ports.js';

/** What compose hands an actuator beside its settings. */
export interface ActuatorContext {
  /**
   * Address (`host:port`) of a replica of a scaled service, which no config can list; undefined
   * when there is none of that name.
   */
  readonly resolveAddress?: (replica: string) => Promise<string | undefined>;
}

/** The ports that one configured actuator serves; the ones it does not serve are absent. */
export interface ActuatorPorts {
  readonly loadBalancer?: LoadBalancer;
  readonly engine?: EngineAdmin;
  readonly replicas?: ReplicaControl;
  readonly deployment?: Deployment;
  /**
   * Checks at start-up that the other side answers and lets us act, changing nothing.
   * Resolves to the problems found, each a sentence with its way out; empty when all is well.
   */
  check(): Promise<readonly string[]>;
  /** Frees connections; calls in flight fail. */
  close(): Promise<void>;
}

/** One kind of actuator: the plug-in's contract. `create` does no I/O. */
export interface Actuator<Schema extends z.ZodType = z.ZodType> {
  /** The config's `kind`, unique among actuators. */
  readonly kind: string;
  /** Of its settings, without `kind`; strict. */
  readonly schema: Schema;
  create(settings: z.output<Schema>, context?: ActuatorContext): ActuatorPorts;
}
