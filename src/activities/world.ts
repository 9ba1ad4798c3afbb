import type { Archive } from '../domain/archive.js';
import type {
  Deployment,
  EngineAdmin,
  LoadBalancer,
  MetricHistory,
  ReplicaControl,
} from '../domain/ports.js';
import type { RecoveryPolicy } from '../domain/recovery/policy.js';
import type { Procedure } from '../domain/recovery/procedure.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { KillSwitch } from '../workflows/messages.js';

/** A service as actions see it: its replicas, and what can be done to it. */
export interface ServiceWorld {
  readonly name: string;
  readonly replicas: readonly { readonly name: string; readonly server: string }[];
  readonly loadBalancer: { readonly port: LoadBalancer; readonly backend: string } | undefined;
  readonly engine: EngineAdmin | undefined;
  readonly control: ReplicaControl | undefined;
  readonly deployment: Deployment | undefined;
}

/** An activity's own attempt, as the server numbers it. */
export interface Attempt {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** What of Temporal activities need: the lease, and who is current. */
export interface Coordination {
  /** Starts the lease workflow where it does not run. */
  ensureLease(): Promise<void>;
  /** Who stopped all actions; undefined while nobody did. */
  killSwitch(): Promise<KillSwitch | undefined>;
  /** Incidents open now, over all services. */
  openIncidents(): Promise<number>;
  /** Whether that attempt is the one that the server waits for. */
  isCurrent(attempt: Attempt): Promise<boolean>;
  /** Whether that run has ended. */
  hasEnded(workflowId: string, runId: string): Promise<boolean>;
}

/** Everything that activities reach, as ports. */
export interface World {
  readonly services: ReadonlyMap<string, ServiceWorld>;
  readonly thresholds: () => readonly Threshold[];
  readonly procedures: readonly Procedure[];
  readonly policy: RecoveryPolicy;
  readonly history: MetricHistory;
  readonly archive: Archive;
  readonly coordination: Coordination;
}
