import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createEncryptionCodec } from '../../src/adapters/temporal/payload-encryption.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { AdapterError } from '../../src/domain/ports.js';
import {
  incidentIdOf,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
} from '../../src/workflows/messages.js';
import { OPERATOR_UPDATES } from '../../src/workflows/operator-messages.js';
import { scratchFolder } from '../support/scratch.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';

const built = (file: string) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

/** What an aborted recovery leaves in every kind of payload: inputs, results, failures, summaries. */
const WORDS = [
  'set server engines/engine-2 weight',
  'taking over by hand',
  'no undo today',
  'latency_spike: cache_invalidation',
];

/** Runs a recovery that acts, whose undo fails once, and that is aborted; returns the server's files. */
async function databaseAfterAbort(
  encrypted: { dataConverter: DataConverter; workflowBundle: { codePath: string } } | undefined,
): Promise<string> {
  const folder = scratchFolder();
  const env = await createDevServerEnv(undefined, path.join(folder, 'temporal.db'));
  try {
    const { connection } = env;
    const client = new Client({
      connection,
      ...(encrypted && { dataConverter: encrypted.dataConverter }),
    });
    const fleet = new FakeFleet();
    fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 5 ? 600 : 110);
    fleet.note();
    const violation = slowReplica();
    const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
    const world = fleet.world(createCoordination(client));
    await runWithWorkers(
      env,
      world,
      async () => {
        const handle = await client.workflow.start<
          (given: IncidentInput) => Promise<IncidentResult>
        >('incident', {
          workflowId: incidentIdOf(violation.fingerprint),
          taskQueue: 'recovery',
          args: [input],
          staticSummary: 'latency_spike: cache_invalidation',
        });
        const until = async (is: () => Promise<boolean>) => {
          while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 30));
        };
        await until(() => Promise.resolve(fleet.effects.length > 0));
        let fails = 1;
        fleet.beforeEffect = () =>
          fails-- > 0
            ? Promise.reject(new AdapterError('unreachable', 'no undo today'))
            : Promise.resolve();
        await handle.executeUpdate(OPERATOR_UPDATES.abort, {
          args: [{ by: 'ada', reason: 'taking over by hand' }],
        });
        await until(async () => (await handle.query(stateQuery)).outcome === 'aborted');
        expect(fleet.effects.at(-1)).toBe('engine-2 weight 100');
        await handle.terminate();
      },
      encrypted,
    );
  } finally {
    await env.teardown();
  }
  return readdirSync(folder)
    .map((file) => readFileSync(path.join(folder, file), 'latin1'))
    .join('\n');
}

describe('Temporal’s database', () => {
  it('holds no payload and no failure in clear with encryption, and does without', async () => {
    const secret = Buffer.alloc(32, 7);
    const codec = createEncryptionCodec([{ id: 'k1', secret }]);
    const encrypted = await databaseAfterAbort({
      dataConverter: {
        payloadCodecs: [codec],
        failureConverterPath: built('src/adapters/temporal/encoded-failures.cjs'),
      },
      workflowBundle: { codePath: built('workflow-bundle-encrypted.js') },
    });
    const found = (text: string) => WORDS.filter((word) => text.includes(word));
    expect(found(encrypted)).toEqual([]);
    expect(encrypted).toContain('binary/encrypted');
    // The same run in clear: the words are those that would be found.
    expect(found(await databaseAfterAbort(undefined))).toEqual(WORDS);
  }, 180_000);
});
