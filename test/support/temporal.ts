import { existsSync } from 'node:fs';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { provisionTemporal, provisionTestServer } from '../../src/adapters/temporal/binary.js';
import { CLOSABLE } from '../../src/adapters/temporal/closed-channel.js';
import { flagsOf, PROMPT_SERVER } from '../../src/adapters/temporal/dev-server.js';
import {
  addSearchAttributes,
  ensureSearchAttributes,
  type SearchAttributeDefinitions,
} from '../../src/adapters/temporal/search-attributes.js';
import { SEARCH_ATTRIBUTES } from '../../src/workflows/messages.js';

/** The bundle that the global set-up has built; the option `workflowBundle` of a Worker. */
export function workflowBundle(): { codePath: string } {
  const codePath = path.resolve(import.meta.dirname, '../../dist/workflow-bundle.js');
  if (!existsSync(codePath)) throw new Error(`${codePath} is missing: run \`npm run build\``);
  return { codePath };
}

/**
 * A server on which timers pass at once while a result is awaited. Use one per test, and await
 * abandoned children before tearing down: a parent that closes before them locks this server up.
 * It has no list, count, schedules or reset. The caller tears it down.
 */
export async function createTimeSkippingEnv(
  searchAttributes: SearchAttributeDefinitions = SEARCH_ATTRIBUTES,
): Promise<TestWorkflowEnvironment> {
  const { path: executable } = await provisionTestServer();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: executable } },
    plugins: [CLOSABLE],
  });
  return prepared(env, addSearchAttributes, searchAttributes);
}

/**
 * The real server in memory, or on that file, on a free port of loopback, as prompt as the product's. The caller tears it
 * down.
 */
export async function createDevServerEnv(
  searchAttributes: SearchAttributeDefinitions = SEARCH_ATTRIBUTES,
  dbFilename?: string,
): Promise<TestWorkflowEnvironment> {
  const { path: executable } = await provisionTemporal();
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: executable },
      ...(dbFilename === undefined ? {} : { dbFilename }),
      extraArgs: [...PROMPT_SERVER, ...flagsOf(searchAttributes)],
    },
    plugins: [CLOSABLE],
  });
  return prepared(env, ensureSearchAttributes, searchAttributes);
}

async function prepared(
  env: TestWorkflowEnvironment,
  register: typeof ensureSearchAttributes,
  searchAttributes: SearchAttributeDefinitions,
): Promise<TestWorkflowEnvironment> {
  try {
    await register(env.connection, 'default', searchAttributes);
    return env;
  } catch (error) {
    await env.teardown();
    throw error;
  }
}
