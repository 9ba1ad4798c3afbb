import { currentUpdateInfo, workflowInfo } from '@temporalio/workflow';
import type { AuditRecord } from '../domain/archive.js';
import { whoOf, type Ask } from './operator-control.js';

/**
 * The audit's line for an order to this workflow, however it came in: what was taken here is written
 * for sure. The API writes the same at once, under the same key, which is the update's id; `nth` tells
 * signals apart, which have none.
 */
export function auditOf(
  ask: Pick<Ask, 'by' | 'reason' | 'from'> & { readonly action: string },
  target: string,
  { isRefused, detail }: { readonly isRefused: boolean; readonly detail: string },
  nth: number,
): readonly AuditRecord[] {
  return [
    {
      key: currentUpdateInfo()?.id ?? `${workflowInfo().runId}:${nth}`,
      atMs: Date.now(),
      who: whoOf(ask),
      from: ask.from ?? 'temporal',
      what: ask.action,
      target,
      outcome: isRefused ? 'refused' : 'accepted',
      detail: ask.reason === undefined ? detail : `${detail} (${ask.reason})`,
    },
  ];
}
