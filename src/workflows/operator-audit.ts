import { currentUpdateInfo, workflowInfo } from '@temporalio/workflow';
import type { AuditRecord } from '../domain/archive.js';
import { AUDITED_UPDATE } from './messages.js';
import { whoOf, type Ask } from './operator-control.js';

/**
 * The audit's lines for an order to this workflow that came in by Temporal's UI, its CLI or another
 * client of it; none for one of the API, which writes its own with what it knows of the caller. `nth`
 * tells signals apart, which have no id.
 */
export function auditOf(
  ask: Pick<Ask, 'by' | 'reason'> & { readonly action: string },
  target: string,
  { isRefused, detail }: { readonly isRefused: boolean; readonly detail: string },
  nth: number,
): readonly AuditRecord[] {
  const id = currentUpdateInfo()?.id;
  if (id?.startsWith(AUDITED_UPDATE) === true) return [];
  return [
    {
      key: id ?? `${workflowInfo().runId}:${nth}`,
      atMs: Date.now(),
      who: whoOf(ask),
      from: 'temporal',
      what: ask.action,
      target,
      outcome: isRefused ? 'refused' : 'accepted',
      detail: ask.reason === undefined ? detail : `${detail} (${ask.reason})`,
    },
  ];
}
