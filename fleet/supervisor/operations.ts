import type { ReplicaView } from './replica.js';

/** An answer of the admin API to an operation. */
export interface OperationReply {
  readonly status: 200 | 400 | 404 | 409 | 500;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Fields of an operation on one replica. */
export interface ReplicaOperation {
  readonly operationId: string;
  readonly ifGeneration: number;
  readonly graceMs: number;
}

/** SIGTERM to SIGKILL, milliseconds, unless an operation says otherwise. */
const defaultGraceMs = 2000;

/** A whole number of at least `low`, or a message that names the field. */
export function readWhole(
  body: Readonly<Record<string, unknown>>,
  field: string,
  low: number,
): number | string {
  const value = body[field];
  return typeof value === 'number' && Number.isInteger(value) && value >= low
    ? value
    : `${field}: expected a whole number of at least ${low}, got ${JSON.stringify(value)}`;
}

/** A text that is not empty, or a message that names the field. */
export function readText(
  body: Readonly<Record<string, unknown>>,
  field: string,
): { text: string } | string {
  const value = body[field];
  return typeof value === 'string' && value !== ''
    ? { text: value }
    : `${field}: expected a text, got ${JSON.stringify(value)}`;
}

/** The fields of a restart, stop or start; a message when one is wrong. */
export function readReplicaOperation(
  body: Readonly<Record<string, unknown>>,
): ReplicaOperation | string {
  const operationId = readText(body, 'operationId');
  if (typeof operationId === 'string') return operationId;
  const ifGeneration = readWhole(body, 'ifGeneration', 0);
  if (typeof ifGeneration === 'string') return ifGeneration;
  const graceMs = body['graceMs'] === undefined ? defaultGraceMs : readWhole(body, 'graceMs', 0);
  if (typeof graceMs === 'string') return graceMs;
  return { operationId: operationId.text, ifGeneration, graceMs };
}

/** A refusal of a malformed request. */
export const badRequest = (message: string): OperationReply => ({
  status: 400,
  body: { error: message },
});

/** The answer to an operation that took effect, now or (`already`) when it was first asked for. */
export const done = (
  operationId: string,
  already: boolean,
  state: Readonly<Record<string, unknown>>,
): OperationReply => ({ status: 200, body: { operationId, already, ...state } });

/** The refusal of a comparison that failed; it carries the present state. */
export const conflict = (
  message: string,
  state: Readonly<Record<string, unknown>>,
): OperationReply => ({ status: 409, body: { error: message, ...state } });

/** What the log keeps of a replica. */
export const logged = ({ state, release, generation }: ReplicaView): object => ({
  state,
  release,
  generation,
});
