/** What crosses the border between the breakers' workflows and the rest. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Breaker, BreakerOrder } from '../domain/recovery/breaker.js';
import type { BreakerHold } from '../domain/recovery/breaker-enforcement.js';
import {
  BREAKER_KINDS,
  type BreakerKind,
  type BreakerSettings,
} from '../domain/recovery/breaker-kinds.js';
import type { Target } from './messages.js';
import type { OperatorMessage } from './operator-messages.js';

/** Type of the workflow of one target's breakers. */
export const BREAKER_WORKFLOW = 'circuitBreaker';
/** Its memo: the whole state, so that lists of all breakers need no worker. */
export const BREAKER_MEMO = 'breakers';

/** Workflow id of the breakers of a replica, or of a service as a whole. */
export function breakerWorkflowId({ service, replica }: Target): string {
  return ['breaker', service, ...(replica === undefined ? [] : [replica])].join(':');
}

/** Id of one breaker: `breaker:<kind>:<service>[:<replica>]`. */
export function breakerIdOf(kind: BreakerKind, { service, replica }: Target): string {
  return ['breaker', kind, service, ...(replica === undefined ? [] : [replica])].join(':');
}

/**
 * Reads an id as people write it: `breaker:` and the kind may be left out (then it is the engine's
 * own), and `/` stands as well as `:`. Undefined for what is no such id.
 */
export function parseBreakerId(id: string): (Target & { kind: BreakerKind }) | undefined {
  const parts = id.split(/[:/]/);
  if (parts[0] === 'breaker') parts.shift();
  const kind = BREAKER_KINDS.find((known) => known === parts[0]);
  if (kind !== undefined) parts.shift();
  const [service, replica, ...rest] = parts;
  if (service === undefined || service === '' || replica === '' || rest.length > 0) {
    return undefined;
  }
  return { kind: kind ?? 'aphrodite_engine', service, replica };
}

/** The breakers of one target, and how they are in force. */
export interface BreakerView {
  readonly service: string;
  /** Undefined for the service as a whole. */
  readonly replica?: string | undefined;
  readonly breakers: Readonly<Record<BreakerKind, Breaker>>;
  readonly hold: BreakerHold;
  /** Why a state is not in force, or what else a person should know; empty when all is as it says. */
  readonly note: string;
}

/** Starts the breakers of a target, or carries them on. */
export interface BreakerInput {
  readonly target: Target;
  readonly settings: Readonly<Record<BreakerKind, BreakerSettings>>;
  /** How often what is in force is compared with what should be, while anything is not closed. */
  readonly reconcileMs: number;
  readonly view?: BreakerView | undefined;
}

/** What was seen of a target since the last such signal. */
export interface BreakerOutcome {
  readonly kind: BreakerKind;
  readonly failures: number;
  readonly successes: number;
  readonly atMs: number;
  /** What failed, in words. */
  readonly detail: string;
  /** The breaker's epoch as the sender knew it: what was decided on older facts is not counted. */
  readonly epoch?: number | undefined;
  /** The sender's settings of that kind, from the configuration in force there. */
  readonly settings?: BreakerSettings | undefined;
  /** What the sender changed at the load balancer, which the breaker owes from now on. */
  readonly hold?: BreakerHold | undefined;
}
export const breakerOutcomeSignal = defineSignal<[BreakerOutcome]>('outcome');

/** An operator's, or a procedure's, order; without a kind it is about the engine's own breaker. */
export interface BreakerOrderMessage extends OperatorMessage {
  readonly kind?: BreakerKind;
  /** How long an opening lasts before its trial, milliseconds. */
  readonly forMs?: number;
}
/** Answered in words, once what was ordered is in force at the load balancer or can't be. */
export const BREAKER_UPDATES = {
  open: defineUpdate<string, [BreakerOrderMessage]>('open'),
  close: defineUpdate<string, [BreakerOrderMessage]>('close'),
  isolate: defineUpdate<string, [BreakerOrderMessage]>('isolate'),
} satisfies Record<BreakerOrder, unknown>;

export const breakerStateQuery = defineQuery<BreakerView>('state');
