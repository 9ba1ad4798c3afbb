import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/domain/archive.js';
import { workflowBundle } from '../support/temporal.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const FOLDER = path.resolve(import.meta.dirname, '../histories');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

interface Kept {
  readonly workflowId: string;
  readonly history: { readonly events: readonly HistoryEvent[] };
}
/** Of an event in Temporal's JSON, what tells how a workflow ended. */
interface HistoryEvent {
  readonly workflowExecutionCompletedEventAttributes?: {
    readonly result?: { readonly payloads: readonly { readonly data: string }[] };
  };
}

const keptIn = (file: string) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Kept;

/** Workflow types that a worker runs; each must have a history here. */
const TYPES = [
  ...readFileSync(
    path.resolve(import.meta.dirname, '../../src/workflows/index.ts'),
    'utf8',
  ).matchAll(/^export \{ (\w+) \}/gm),
].map(([, type = '']) => type);

/** The outcome that an incident ended with, where it ended. */
function outcomeOf({ history }: Kept): string | undefined {
  for (const { workflowExecutionCompletedEventAttributes: end } of history.events) {
    const data = end?.result?.payloads[0]?.data;
    if (data === undefined) continue;
    // Payloads are in base64 in JSON, and JSON in it.
    const { outcome } = JSON.parse(Buffer.from(data, 'base64').toString()) as { outcome: string };
    return outcome;
  }
  return undefined;
}

describe('replay of released histories', () => {
  it('knows the types that a worker runs', () => {
    expect(TYPES).toContain('incident');
    expect(TYPES.length).toBeGreaterThan(10);
  });

  it.each(TYPES)('has a history of %s', (type) => {
    expect(files.filter((file) => file.startsWith(`${type}--`))).not.toEqual([]);
  });

  it.each(OUTCOMES)('has a history of an incident that ended as %s', (outcome) => {
    const incidents = files.filter((file) => file.startsWith('incident--'));
    expect(incidents.map((file) => outcomeOf(keptIn(file)))).toContain(outcome);
  });

  it.each(files)('%s', async (file) => {
    const { workflowId, history } = keptIn(file);
    await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId);
  });
});
