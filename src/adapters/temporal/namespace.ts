import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Connection, isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';

/** Closed workflows stay visible this long: a month's review still finds its incidents. */
const RETENTION = '30 days';
const RETENTION_S = 30 * 86_400;
/** The front end caches namespaces and sees a new one after up to 10 s on a cluster. */
const VISIBLE_WITHIN_MS = 20_000;
const POLL_MS = 100;
/** gRPC status codes of the answers that are part of the normal course. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;

/** What to do with a namespace that exists. */
export interface NamespaceOptions {
  /**
   * Lengthens a shorter retention to 30 days. Only for a server of our own: a dev server creates
   * its namespaces with one day; somebody else's namespace is theirs to configure.
   */
  readonly raiseRetention?: boolean;
}

/**
 * Makes sure that the namespace exists and can be used; idempotent, also among several callers.
 * A new one keeps closed workflows for 30 days.
 *
 * @throws the server's gRPC error, e.g. PERMISSION_DENIED where namespaces are made by an admin.
 */
export async function ensureNamespace(
  connection: Connection,
  namespace: string,
  options: NamespaceOptions = {},
): Promise<void> {
  const retentionS = await retentionOf(connection, namespace);
  if (retentionS === undefined) await register(connection, namespace);
  else if (options.raiseRetention === true && retentionS < RETENTION_S) {
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
    });
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      description: 'paramedic: incidents and recoveries',
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
  } catch (error) {
    // Another role of paramedic, started at the same moment, was faster.
    if (!isGrpcServiceError(error) || (error.code as number) !== ALREADY_EXISTS) throw error;
  }
  await untilUsable(connection, namespace);
}

/**
 * Front end and history service each cache the list of namespaces, so that a new one can be
 * described seconds before a workflow can be started in it. Asking for a workflow passes both.
 */
async function untilUsable(connection: Connection, namespace: string): Promise<void> {
  const { workflow } = new Client({ connection, namespace });
  const endAtMs = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    try {
      await workflow.getHandle('paramedic-probe').describe();
      return;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return;
      if (!(error instanceof NamespaceNotFoundError)) throw error;
      if (Date.now() > endAtMs) {
        throw new Error(
          `namespace "${namespace}" was registered but can't be used after ${VISIBLE_WITHIN_MS} ms`,
          { cause: error },
        );
      }
    }
    await sleep(POLL_MS);
  }
}

/** Retention in seconds; undefined if there is no such namespace. */
async function retentionOf(connection: Connection, namespace: string): Promise<number | undefined> {
  try {
    const found = await connection.workflowService.describeNamespace({ namespace });
    return Number(found.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return undefined;
    throw error;
  }
}
