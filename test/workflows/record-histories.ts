import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

const FOLDER = path.resolve(import.meta.dirname, '../histories');

/**
 * Keeps the histories of a finished test for the replay test, where RECORD_HISTORIES is set: to be done
 * once for each release, so that a later change that breaks open workflows is seen.
 */
export async function recordHistories(env: TestWorkflowEnvironment, name: string): Promise<void> {
  if (process.env['RECORD_HISTORIES'] === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  const kept = new Set<string>();
  for await (const { workflowId, runId, type } of env.client.workflow.list()) {
    const history = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
    const slug = name.replace(/[^a-z0-9]+/gi, '-').slice(0, 40);
    const file = `${type}--${slug}--${workflowId.replace(/[^a-z0-9]+/gi, '-').slice(-24)}.json`;
    // Of one that was reset, the run that went on: the list begins with the newest.
    if (kept.has(file)) continue;
    kept.add(file);
    // One line a file: it is data, and its diffs are of no use.
    const record = { workflowId, history: JSON.parse(historyToJSON(history)) as unknown };
    // Stack traces in failures name this machine's folders: they are nobody else's business.
    const text = JSON.stringify(record).replaceAll(`${process.cwd()}/`, '');
    writeFileSync(path.join(FOLDER, file), text);
  }
}
