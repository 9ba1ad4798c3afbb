import { QUIET } from '../support/alerting.js';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActContext, Action, RawState } from '../../src/activities/actions/action.js';
import { ACTIONS } from '../../src/activities/actions/index.js';
import type { Preparation } from '../../src/workflows/preparation-messages.js';
import type { Coordination, ServiceWorld, World } from '../../src/activities/world.js';
import type { Archive } from '../../src/domain/archive.js';
import {
  DEFAULT_AUTONOMY,
  type ActionName,
  type ActionParameters,
} from '../../src/domain/recovery/action.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import { DEFAULT_PROCEDURES } from '../../src/domain/recovery/procedures/index.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import type { FakeFleet } from './fake-fleet.js';

/** The instant of all preparations in these tests. */
export const NOW_MS = 1_000_000_000;

const POLICY: RecoveryPolicy = {
  ...{ maxConcurrent: 3, maxPerHour: 100, cooldownMs: 0, stormAbove: 20 },
  autonomy: DEFAULT_AUTONOMY,
  ...{ approvalTimeoutMs: 20_000, onApprovalTimeout: 'skip', asksBeforeRollback: false },
  ...{ minHealthyReplicas: 1, maxSharePercent: 50, minSamples: 5, compliantPercent: 80 },
  ...{ holdMs: 200, verifyTimeoutMs: 800, worsePercent: 20, releaseAfterWindows: 2 },
  sliWindowMs: 1_000,
};

/** Ports of a service, of which a test may leave some out. */
export type Ports = Pick<ServiceWorld, 'loadBalancer' | 'engine' | 'control' | 'deployment'>;

/** What of the coordination knows of other workflows' undos. */
export type Debts = Pick<Coordination, 'debtors' | 'inherit'>;

const NO_DEBTS: Debts = {
  debtors: () => Promise.resolve([]),
  inherit: () => Promise.resolve(false),
};

/** All ports of a fake fleet. */
export function portsOf(fleet: FakeFleet): Ports {
  return {
    loadBalancer: { port: fleet.loadBalancer, backend: 'engines' },
    engine: fleet.engine,
    control: fleet.control,
    deployment: fleet.deployment,
  };
}

/** A critical error rate, of engine-2 unless told. */
function violationOf(change: Partial<Violation> = {}): Violation {
  return {
    ...{ fingerprint: 'chat:engine-2:error_rate_percent', service: 'chat', replica: 'engine-2' },
    ...{ threshold: 'error_rate_percent', metric: 'error_rate_percent' },
    ...{ violationType: 'error_rate_spike', severity: 'critical', value: 20, limit: 0.5 },
    ...{ unit: '%', direction: 'upper', windowMs: 60_000 },
    ...{ startedAtMs: NOW_MS - 120_000, detectedAtMs: NOW_MS },
    ...change,
  };
}

/** One action on a fake fleet (or real ports), as the activities run it. */
export class ActionRun {
  readonly action: Action;
  readonly world: World;
  private readonly service: ServiceWorld;

  constructor(
    name: ActionName,
    fleet: Pick<FakeFleet, 'history' | 'archive' | 'breakerPort'>,
    ports: Ports,
    readonly options: {
      readonly violation?: Partial<Violation>;
      readonly policy?: Partial<RecoveryPolicy>;
      readonly replicas?: readonly string[];
      readonly parameters?: ActionParameters;
      /** What other workflows owe; nothing unless told. */
      readonly debts?: Debts;
    } = {},
  ) {
    const action = ACTIONS[name];
    if (action === undefined) throw new Error(`${name} is not registered`);
    this.action = action;
    const names = options.replicas ?? ['engine-1', 'engine-2', 'engine-3', 'engine-4'];
    const replicas = names.map((one) => ({ name: one, server: one }));
    this.service = { name: 'chat', replicas, dependsOn: [], ...ports };
    const refuse = () => Promise.reject(new Error('actions ask the server by their fence only'));
    this.world = {
      services: new Map([['chat', this.service]]),
      thresholds: () => DEFAULT_THRESHOLDS,
      procedures: DEFAULT_PROCEDURES,
      policy: { ...POLICY, ...options.policy },
      history: fleet.history,
      // Actions write forensics and look the incident up; the rest of an archive is not theirs.
      archive: fleet.archive as unknown as Archive,
      coordination: {
        deliver: refuse,
        ...{ restraint: refuse, openIncidents: refuse, judgeAlert: refuse, forgetAlerts: refuse },
        ...{
          ensureLease: refuse,
          askTurn: refuse,
          giveTurn: refuse,
          ensureMonitor: refuse,
          isCurrent: refuse,
          hasEnded: refuse,
        },
        ...(options.debts ?? NO_DEBTS),
      },
      breakers: fleet.breakerPort,
      alerting: QUIET,
    };
  }

  prepare(): Promise<Preparation> {
    const violation = violationOf(this.options.violation);
    const { service, replica } = violation;
    const target = { service, replica };
    const { world } = this;
    const { parameters = {} } = this.options;
    return this.action.prepare({
      ...{ world, parameters, service: this.service, target, violation, nowMs: NOW_MS },
    });
  }

  /** The state of a preparation that must be ready, as it comes back from a workflow: through JSON. */
  async ready(): Promise<RawState> {
    const prepared = await this.prepare();
    if (prepared.kind !== 'ready') throw new Error(`${prepared.kind}: ${prepared.why}`);
    const { before, desired } = prepared;
    return JSON.parse(JSON.stringify({ before, desired })) as RawState;
  }

  /** A context whose fence is the worker's: an aborted or overtaken attempt changes nothing. */
  context(attempt: Attempt = new Attempt(), operationId = 'apply'): ActContext {
    return {
      ...{ world: this.world, service: this.service, workflowId: 'incident:this' },
      // Unique in the fleet, as the workflow's are.
      operationId: `run-1:${this.action.name}:${operationId}`,
      step: {
        ...{ id: '1-step', action: this.action.name, target: { service: 'chat', replica: 'x' } },
        ...{ autonomy: 'auto', settleMs: 0, timeoutMs: 1, retries: 1, irreversible: undefined },
      },
      signal: attempt.signal,
      fence: () => attempt.fence(),
    };
  }
}

/** One attempt of an activity: current until it is overtaken, aborted or stopped. */
export class Attempt {
  private readonly controller = new AbortController();
  private failure: ApplicationFailure | undefined;
  readonly signal = this.controller.signal;

  fence(): Promise<void> {
    if (this.signal.aborted) return Promise.reject(new CancelledFailure('aborted'));
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }

  /** `TIMED_OUT`, `NOT_FOUND`: the server no longer waits for it. */
  abort(reason: 'CANCELLED' | 'TIMED_OUT' | 'NOT_FOUND' = 'CANCELLED'): void {
    this.controller.abort(new CancelledFailure(reason));
  }

  overtake(): void {
    this.failure = ApplicationFailure.nonRetryable('overtaken', 'overtaken');
  }

  /** As the kill switch does. */
  stop(): void {
    this.failure = ApplicationFailure.nonRetryable('stopped by a test', 'stopped');
  }
}
