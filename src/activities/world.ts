import type { Archive } from '../domain/archive.js';
import type {
  Deployment,
  EngineAdmin,
  LoadBalancer,
  MetricHistory,
  ReplicaControl,
} from '../domain/ports.js';
import type { BreakerOrder } from '../domain/recovery/breaker.js';
import type { BreakerKind, BreakerSettings } from '../domain/recovery/breaker-kinds.js';
import type { RecoveryPolicy } from '../domain/recovery/policy.js';
import type { Procedure } from '../domain/recovery/procedure.js';
import type { Threshold } from '../domain/sla/threshold.js';

import type { BreakerOrderMessage, BreakerView } from '../workflows/breaker-messages.js';
import type { Inheritance } from '../workflows/inherit-messages.js';
import type { LeaseAnswer, LeaseRequest, TurnGivenBack } from '../workflows/lease-messages.js';
import type { Letter } from '../workflows/letter-messages.js';
import type { OwedUndo, Target } from '../workflows/messages.js';
import type { AlertAsk, Judgement } from '../domain/monitor/judge-alert.js';
import type { Alerting } from './contract.js';

/** A service as actions see it: its replicas, and what can be done to it. */
export interface ServiceWorld {
  readonly name: string;
  readonly replicas: readonly { readonly name: string; readonly server: string }[];
  readonly loadBalancer: { readonly port: LoadBalancer; readonly backend: string } | undefined;
  readonly engine: EngineAdmin | undefined;
  readonly control: ReplicaControl | undefined;
  readonly deployment: Deployment | undefined;
  /** Services that it calls. */
  readonly dependsOn?: readonly string[];
}

/** An activity's own attempt, as the server numbers it. */
export interface Attempt {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** Why nothing acts by itself: an operator's kill switch, or maintenance and until when. */
export type Restraint =
  | { readonly kind: 'kill-switch'; readonly why: string }
  | { readonly kind: 'maintenance'; readonly why: string; readonly untilMs: number };

/** A workflow that owes undos. */
export interface Debtor {
  readonly workflowId: string;
  readonly runId: string;
  readonly owed: readonly OwedUndo[];
}

/** What of Temporal activities need: the lease, who is current, and letters between workflows. */
export interface Coordination {
  /** Signals a workflow, once for each letter's id; false where it does not run. */
  deliver(letter: Letter): Promise<boolean>;
  /** Starts the lease workflow where it does not run. */
  ensureLease(): Promise<void>;
  /**
   * Asks the lease for a turn, and starts it where it does not run. Undefined where there is no answer
   * soon: then it is to be asked by signal, and knows the request by its id if this did arrive.
   */
  askTurn(request: LeaseRequest): Promise<LeaseAnswer | undefined>;
  /** Gives a turn back; one that nobody knows of is none. */
  giveTurn(turn: TurnGivenBack): Promise<void>;
  /** The mode, as the monitor calls it; undefined before the monitor ran. */
  mode?(): Promise<string | undefined>;
  /** What keeps every action from acting by itself; undefined while nothing does. */
  restraint(): Promise<Restraint | undefined>;
  /** Starts the monitor's workflow where it does not run. */
  ensureMonitor(): Promise<void>;
  /** Whether people are told of a stage of an incident. */
  judgeAlert(ask: AlertAsk): Promise<Judgement>;
  /** That run of an incident is over: its alerts stand in nobody's way. */
  forgetAlerts(runId: string): Promise<void>;
  /** Incidents open now, over all services. */
  openIncidents(): Promise<number>;
  /** Whether that attempt is the one that the server waits for. */
  isCurrent(attempt: Attempt): Promise<boolean>;
  /** What incidents and recoveries of that service owe now. */
  debtors(service: string): Promise<readonly Debtor[]>;
  /** Joins an earlier undo to that one's; false where it is to be looked at again first. */
  inherit(debtor: Debtor, inheritance: Inheritance): Promise<boolean>;
  /** Whether that run has ended. */
  hasEnded(workflowId: string, runId: string): Promise<boolean>;
}

/** The circuit breakers, which live as workflows of their own. */
export interface Breakers {
  readonly settings: Readonly<Record<BreakerKind, BreakerSettings>>;
  /** Those that were ever used; a target that is missing has all of them closed. */
  states(): Promise<readonly BreakerView[]>;
  /**
   * Has an order carried out, and returns in words what came of it.
   *
   * @throws AdapterError `rejected` with the breaker's own refusal; `timeout` when nobody answers.
   */
  order(target: Target, order: BreakerOrder, message: BreakerOrderMessage): Promise<string>;
}

/** Everything that activities reach, as ports. */
export interface World {
  readonly services: ReadonlyMap<string, ServiceWorld>;
  readonly thresholds: () => readonly Threshold[];
  readonly procedures: readonly Procedure[];
  readonly policy: RecoveryPolicy;
  /** Of services that have a policy of their own; the others follow `policy`. */
  readonly servicePolicies?: ReadonlyMap<string, RecoveryPolicy>;
  readonly history: MetricHistory;
  readonly archive: Archive;
  readonly coordination: Coordination;
  readonly breakers: Breakers;
  readonly alerting: Alerting;
}

/** The world with the policy that holds for that service. */
export function worldOf(world: World, service: string): World {
  const policy = world.servicePolicies?.get(service);
  return policy === undefined ? world : { ...world, policy };
}
