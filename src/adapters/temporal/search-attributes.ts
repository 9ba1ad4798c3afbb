import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, isGrpcServiceError } from '@temporalio/client';

/** Search attributes by name; a namespace takes at most 10 of type Keyword and 3 of type Bool. */
export type SearchAttributeDefinitions = Readonly<Record<string, 'Keyword' | 'Bool'>>;

/** Numbers of `temporal.api.enums.v1.IndexedValueType`, fixed by the protocol. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Bool: 5 } as const;
/** Caches take two seconds on the dev server, and a cluster's schema job some more. */
const USABLE_WITHIN_MS = 20_000;
const POLL_MS = 100;
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;

/**
 * Registers what is missing of the given search attributes, and waits until workflows may have them: a
 * server lists what it refuses to take for as long as its caches don't know it.
 *
 * Idempotent, also among several callers; for a new, an old or a foreign server alike (the dev
 * server's own `--search-attribute` is silently ignored on an existing database).
 *
 * @throws Error if one is registered with another type: that needs a person's decision.
 * @throws Error with the commands to run by hand if the server won't let us register, as on
 *   Temporal Cloud, or has no room for another attribute.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  definitions: SearchAttributeDefinitions,
): Promise<void> {
  const missing = await missingOnes(connection, namespace, definitions);
  if (missing.length > 0) await register(connection, namespace, missing);
  const endAtMs = Date.now() + USABLE_WITHIN_MS;
  while (!(await areUsable(connection, namespace, definitions))) {
    if (Date.now() > endAtMs) {
      const left = await missingOnes(connection, namespace, definitions);
      throw byHand(namespace, left.length > 0 ? left : Object.entries(definitions), undefined);
    }
    await sleep(POLL_MS);
  }
}

async function register(
  connection: Connection,
  namespace: string,
  missing: readonly Definition[],
): Promise<void> {
  try {
    await addSearchAttributes(connection, namespace, Object.fromEntries(missing));
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    // Another role of paramedic, started at the same moment, was faster.
    if ((error.code as number) !== ALREADY_EXISTS) throw byHand(namespace, missing, error);
  }
}

/** Whether the server takes a query by all of them, and hence a workflow that has them. */
async function areUsable(
  connection: Connection,
  namespace: string,
  definitions: SearchAttributeDefinitions,
): Promise<boolean> {
  // Quoted: `Procedure` is a word of the language.
  const query = Object.keys(definitions)
    .map((name) => `\`${name}\` IS NULL`)
    .join(' AND ');
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === INVALID_ARGUMENT) return false;
    throw error;
  }
}

/**
 * Registers search attributes without looking first, for the time-skipping test server, which
 * can't list them.
 *
 * @throws the server's gRPC error; ALREADY_EXISTS if one of them is there.
 */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  definitions: SearchAttributeDefinitions,
): Promise<void> {
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      Object.entries(definitions).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]),
    ),
  });
}

type Definition = readonly [name: string, type: 'Keyword' | 'Bool'];

async function missingOnes(
  connection: Connection,
  namespace: string,
  definitions: SearchAttributeDefinitions,
): Promise<Definition[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(definitions).filter(([name, type]) => {
    const registered = customAttributes[name];
    if (registered === undefined) return true;
    if ((registered as number) === INDEXED_VALUE_TYPE[type]) return false;
    throw new Error(
      `search attribute "${name}" of namespace "${namespace}" must be a ${type}, but is ` +
        `registered with type ${registered}; remove it (temporal operator search-attribute ` +
        `remove --namespace ${namespace} --name ${name}) or use another namespace ` +
        `(temporal.namespace)`,
    );
  });
}

function byHand(namespace: string, missing: readonly Definition[], cause: unknown): Error {
  const reason = isGrpcServiceError(cause) ? cause.details : 'they did not appear';
  const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  return new Error(
    `search attributes could not be registered in namespace "${namespace}": ${reason}; an ` +
      `administrator can: temporal operator search-attribute create --namespace ${namespace} ` +
      flags,
    { cause },
  );
}
