import { expect, it, vi } from 'vitest';
import type { AuditRecord } from '../../src/domain/archive.js';
import { createAuditTrail, type AuditLine } from '../../src/server/audit-trail.js';

const LINE: AuditLine = {
  ...{ who: 'ada', from: '127.0.0.1 cli', what: 'abort', target: 'incident:x' },
  ...{ outcome: 'accepted', detail: 'stopping' },
};

/** An archive that is full until told, and keeps what it can. */
function archive() {
  const kept: AuditRecord[] = [];
  const state = { isFull: false, kept };
  const putAudit = (line: AuditRecord) => {
    if (state.isFull) return Promise.reject(new Error('database or disk is full'));
    return Promise.resolve(void kept.push(line));
  };
  return { state, putAudit };
}

it('keeps what the archive could not take, tells it once, and writes it in order when it can', async () => {
  const { state, putAudit } = archive();
  const late: AuditLine[] = [];
  const trail = createAuditTrail(
    { putAudit },
    () => 1_000,
    (line) => late.push(line),
    5,
  );
  state.isFull = true;
  for (const detail of ['one', 'two', 'three']) await trail.write({ ...LINE, detail }, 'each');
  expect(late.map(({ detail }) => detail)).toEqual(['one', 'two', 'three']);
  expect(state.kept).toEqual([]);
  state.isFull = false;
  await vi.waitFor(() => expect(state.kept).toHaveLength(3));
  expect(state.kept.map(({ detail, atMs }) => [detail, atMs])).toEqual([
    ['one', 1_000],
    ['two', 1_000],
    ['three', 1_000],
  ]);
  expect(late).toHaveLength(3);
});

it('names a line as it is told, where somebody else writes the same', async () => {
  const { state, putAudit } = archive();
  const trail = createAuditTrail(
    { putAudit },
    () => 1_000,
    () => undefined,
  );
  await trail.write({ ...LINE, key: 'update-1' }, 'each');
  expect(state.kept).toMatchObject([{ key: 'update-1', who: 'ada' }]);
});
