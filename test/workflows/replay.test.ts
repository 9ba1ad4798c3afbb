import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { workflowBundle } from '../support/temporal.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const FOLDER = path.resolve(import.meta.dirname, '../histories');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

/** Workflow types that a worker runs; each must have a history here. */
const TYPES = [
  'incident',
  'lease',
  'latencySpikeRecovery',
  'customRecovery',
  'rootCauseAnalysis',
  'monitor',
  'settleOwed',
  'alert',
];

describe('replay of released histories', () => {
  it.each(TYPES)('has a history of %s', (type) => {
    expect(files.filter((file) => file.startsWith(`${type}--`))).not.toEqual([]);
  });

  it.each(files)('%s', async (file) => {
    const kept = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as {
      workflowId: string;
      history: unknown;
    };
    const { workflowId, history } = kept;
    await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId);
  });
});
