import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Archive, DeliveryQuery } from '../../../src/domain/archive.js';
import type { CallClaim } from '../../../src/domain/calls.js';
import type { Page } from '../../../src/domain/page.js';
import type { DeliveryRecord } from '../../../src/domain/notification.js';
import {
  alertRecord,
  auditRecord,
  changeRecord,
  deliveryRecord,
  drillRecord,
  incidentRecord,
  recommendationRecord,
  reportRecord,
  timelineEntry,
} from './records.js';

/** An archive under test, empty, with how to get rid of it. */
export interface ArchiveUnderTest {
  readonly archive: Archive;
  readonly dispose: () => Promise<void>;
}

const ID = incidentRecord().id;

/** Walks all pages; a cursor that never ends is an error of the test. */
async function walk<T>(read: (after: string | undefined) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let after: string | undefined;
  do {
    const page = await read(after);
    pages.push([...page.items]);
    after = page.next;
  } while (after !== undefined && pages.length < 50);
  expect(pages.length).toBeLessThan(50);
  return pages;
}

/** What every archive must do. */
export function archiveContract(name: string, open: () => Promise<ArchiveUnderTest>): void {
  describe(`archive contract: ${name}`, () => {
    let archive: Archive;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ archive, dispose } = await open());
    });
    afterEach(() => dispose());

    describe('incidents', () => {
      it.each([
        ['every optional field absent', { replica: undefined, procedure: undefined }],
        [
          'every optional field present',
          { outcome: 'recovered' as const, resolvedAtMs: 5, probableCause: 'engine-2 is slow' },
        ],
        ['extreme numbers', { value: 1e300, limit: -5e-300, openedAtMs: 2 ** 53 - 1 }],
        ['a fraction and zero', { value: 0.1 + 0.2, limit: 0 }],
        ['a whole number where fractions occur', { value: 7 }],
        ['text of any script', { service: 'чат 💬 "quoted"; DROP TABLE incidents;--', unit: '' }],
      ])('gives back what was put: %s', async (_, over) => {
        const record = incidentRecord(over);
        await archive.putIncident(record);
        expect(await archive.incident(record.id, record.runId)).toStrictEqual(record);
      });

      it('replaces what no database stores in text', async () => {
        await archive.putIncident(incidentRecord({ probableCause: 'a\0b\uD800c' }));
        expect((await archive.incident(ID))?.probableCause).toBe('a\u2400b\uFFFDc');
      });

      it('drops an older write that arrives late, and a repeated one', async () => {
        await archive.putIncident(incidentRecord({ revision: 3, state: 'resolved' }));
        await archive.putIncident(incidentRecord({ revision: 2, state: 'recovering' }));
        await archive.putIncident(incidentRecord({ revision: 3, state: 'open' }));
        expect(await archive.incident(ID)).toMatchObject({ revision: 3, state: 'resolved' });
        await archive.putIncident(incidentRecord({ revision: 4, state: 'escalated' }));
        expect(await archive.incident(ID)).toMatchObject({ revision: 4, state: 'escalated' });
      });

      it('leaves the highest revision of concurrent writes', async () => {
        const revisions = Array.from({ length: 20 }, (_, i) => ((i * 7) % 20) + 1);
        await Promise.all(
          revisions.map((r) => archive.putIncident(incidentRecord({ revision: r }))),
        );
        expect((await archive.incident(ID))?.revision).toBe(20);
      });

      it('keeps the runs of one fingerprint apart and finds the newest', async () => {
        await archive.putIncident(incidentRecord({ runId: 'old', openedAtMs: 100 }));
        await archive.putIncident(incidentRecord({ runId: 'new', openedAtMs: 200 }));
        await archive.putIncident(incidentRecord({ runId: 'mid', openedAtMs: 150, revision: 9 }));
        expect((await archive.incident(ID))?.runId).toBe('new');
        expect((await archive.incident(ID, 'old'))?.openedAtMs).toBe(100);
        expect(await archive.incident(ID, 'none')).toBeUndefined();
        expect(await archive.incident('none')).toBeUndefined();
      });

      it('pages newest first without gaps or doubles, also where instants are equal', async () => {
        for (const [i, openedAtMs] of [10, 30, 20, 20, 20].entries()) {
          await archive.putIncident(incidentRecord({ id: `i${i}`, runId: 'r', openedAtMs }));
        }
        const pages = await walk((after) => archive.incidents({ limit: 2, after }));
        expect(pages.map((page) => page.map((r) => r.id))).toEqual([
          ['i1', 'i4'],
          ['i3', 'i2'],
          ['i0'],
        ]);
        const exact = await archive.incidents({ limit: 5 });
        expect(exact.items).toHaveLength(5);
        expect(exact.next).toBeUndefined();
      });

      it('goes on where it was when newer records appear between pages', async () => {
        for (const n of [1, 2, 3]) {
          await archive.putIncident(incidentRecord({ id: `i${n}`, openedAtMs: n }));
        }
        const first = await archive.incidents({ limit: 2 });
        await archive.putIncident(incidentRecord({ id: 'i4', openedAtMs: 4 }));
        const second = await archive.incidents({ limit: 2, after: first.next });
        expect(second.items.map((r) => r.id)).toEqual(['i1']);
      });

      it.each([
        ['everything', {}, ['c', 'b', 'a']],
        ['by state', { states: ['open' as const, 'resolved' as const] }, ['c', 'a']],
        ['by no state', { states: [] }, []],
        ['by service', { service: 'chat' }, ['b', 'a']],
        ['since an instant, inclusive', { openedSinceMs: 2 }, ['c', 'b']],
        ['by all', { states: ['open' as const], service: 'chat', openedSinceMs: 1 }, ['a']],
      ])('selects %s', async (_, query, expected) => {
        const put = archive.putIncident.bind(archive);
        await put(incidentRecord({ id: 'a', openedAtMs: 1, state: 'open' }));
        await put(incidentRecord({ id: 'b', openedAtMs: 2, state: 'paused' }));
        await put(incidentRecord({ id: 'c', openedAtMs: 3, state: 'resolved', service: 'code' }));
        const { items } = await archive.incidents({ limit: 10, ...query });
        expect(items.map((r) => r.id)).toEqual(expected);
      });
    });

    describe('refusals', () => {
      it.each([
        ['NaN', (a: Archive) => a.putIncident(incidentRecord({ value: NaN })), /value/],
        ['Infinity', (a: Archive) => a.putIncident(incidentRecord({ limit: Infinity })), /limit/],
        [
          'half a ms',
          (a: Archive) => a.putIncident(incidentRecord({ openedAtMs: 0.5 })),
          /openedAtMs/,
        ],
        ['no id', (a: Archive) => a.putIncident(incidentRecord({ id: '' })), /id/],
        ['limit 0', (a: Archive) => a.incidents({ limit: 0 }), /limit/],
        ['limit 1001', (a: Archive) => a.reports({ limit: 1001 }), /limit/],
        ['limit 1.5', (a: Archive) => a.audit({ limit: 1.5 }), /limit/],
        ['garbage cursor', (a: Archive) => a.incidents({ limit: 1, after: '%%' }), /cursor/],
        [
          'cursor of another list',
          async (a: Archive) => {
            await a.putReport(reportRecord());
            await a.putReport(reportRecord({ id: 'rca:2' }));
            const { next } = await a.reports({ limit: 1 });
            return a.incidents({ limit: 1, after: next });
          },
          /cursor/,
        ],
      ])('refuses %s as rejected, naming it', async (_, call, words) => {
        await expect(call(archive)).rejects.toMatchObject({
          name: 'AdapterError',
          reason: 'rejected',
        });
        await expect(call(archive)).rejects.toThrow(words);
      });

      it('writes none of a timeline of which one line is refused', async () => {
        const entries = [timelineEntry(), timelineEntry({ sequence: 1, atMs: NaN })];
        await expect(archive.putTimeline(entries)).rejects.toMatchObject({ reason: 'rejected' });
        expect(await archive.timeline(ID, 'run-1')).toEqual([]);
      });
    });

    describe('timeline and forensics', () => {
      it('orders by sequence and has each line once, the first write staying', async () => {
        await archive.putTimeline([
          timelineEntry({ sequence: 2 }),
          timelineEntry({ sequence: 10 }),
        ]);
        await archive.putTimeline([
          timelineEntry({ sequence: 1 }),
          timelineEntry({ sequence: 2, text: 'written again' }),
        ]);
        await archive.putTimeline([timelineEntry({ runId: 'run-2', sequence: 0 })]);
        await archive.putTimeline([]);
        expect(await archive.timeline(ID, 'run-1')).toStrictEqual([
          timelineEntry({ sequence: 1 }),
          timelineEntry({ sequence: 2 }),
          timelineEntry({ sequence: 10 }),
        ]);
        expect(await archive.timeline(ID, 'none')).toEqual([]);
      });

      it('takes more lines at once than one statement holds, doubles among them', async () => {
        const entries = Array.from({ length: 1_200 }, (_, sequence) => timelineEntry({ sequence }));
        await archive.putTimeline([...entries, ...entries.slice(0, 5)]);
        expect(await archive.timeline(ID, 'run-1')).toStrictEqual(entries);
      });

      it('keeps the first capture of each name, in order of names', async () => {
        await archive.putForensics(ID, 'run-1', 'metrics', 'before');
        await archive.putForensics(ID, 'run-1', 'log', 'line 1\r\nline 2\n');
        await archive.putForensics(ID, 'run-1', 'metrics', 'after the restart');
        await archive.putForensics(ID, 'run-2', 'log', 'other run');
        expect(await archive.forensics(ID, 'run-1')).toStrictEqual([
          { name: 'log', text: 'line 1\r\nline 2\n' },
          { name: 'metrics', text: 'before' },
        ]);
        expect(await archive.forensics(ID, 'none')).toEqual([]);
      });

      it('keeps the end of a text that is too long, and says so', async () => {
        const long = `first${'x'.repeat(4 * 1024 * 1024)}last`;
        await archive.putForensics(ID, 'run-1', 'log', long);
        const [kept] = await archive.forensics(ID, 'run-1');
        expect(kept?.text).toHaveLength(4 * 1024 * 1024);
        expect(kept?.text).toMatch(/^\[the first part of 4194313 characters was dropped\]\nxxx/);
        expect(kept?.text.endsWith('xxlast')).toBe(true);
      });
    });

    describe('reports', () => {
      it('keeps the later of two writes of one id', async () => {
        await archive.putReport(reportRecord({ createdAtMs: 2, markdown: 'second' }));
        await archive.putReport(reportRecord({ createdAtMs: 1, markdown: 'late first' }));
        await archive.putReport(reportRecord({ createdAtMs: 2, markdown: 'repeated' }));
        expect((await archive.report(ID))?.markdown).toBe('second');
        await archive.putReport(reportRecord({ createdAtMs: 3, markdown: 'third' }));
        expect(await archive.report(ID, 'run-1')).toStrictEqual(
          reportRecord({ createdAtMs: 3, markdown: 'third' }),
        );
      });

      it('finds the newest of an incident, or of a run, and pages through all', async () => {
        await archive.putReport(reportRecord({ id: 'r1', runId: 'a', createdAtMs: 1 }));
        await archive.putReport(reportRecord({ id: 'r2', runId: 'b', createdAtMs: 2 }));
        await archive.putReport(reportRecord({ id: 'r3', incidentId: 'other', createdAtMs: 2 }));
        expect((await archive.report(ID))?.id).toBe('r2');
        expect((await archive.report(ID, 'a'))?.id).toBe('r1');
        expect(await archive.report('none')).toBeUndefined();
        const pages = await walk((after) => archive.reports({ limit: 1, after }));
        expect(pages.map((page) => page.map((r) => r.id))).toEqual([['r3'], ['r2'], ['r1']]);
      });
    });

    describe('what analyses leave', () => {
      it('finds a report by its id, and lists without texts, by service and time', async () => {
        await archive.putReport(reportRecord({ id: 'r1', createdAtMs: 1 }));
        await archive.putReport(reportRecord({ id: 'r2', createdAtMs: 2, service: 'code' }));
        await archive.putReport(reportRecord({ id: 'r3', createdAtMs: 3, isConfident: false }));
        expect(await archive.reportById('r1')).toStrictEqual(
          reportRecord({ id: 'r1', createdAtMs: 1 }),
        );
        expect(await archive.reportById('none')).toBeUndefined();
        const { items } = await archive.reports({ limit: 10, service: 'chat', sinceMs: 2 });
        const { body, markdown, ...summary } = reportRecord({ id: 'r3', createdAtMs: 3 });
        expect([body, markdown]).not.toContain(undefined);
        expect(items).toStrictEqual([{ ...summary, isConfident: false }]);
      });

      it('tracks recommendations: a decision stays, others follow a later report', async () => {
        const ids = ['a', 'b', 'c'];
        await archive.putRecommendations(ids.map((id) => recommendationRecord({ id })));
        const decision = { id: 'b', state: 'done', by: 'ada', reason: 'fan', atMs: 9 } as const;
        expect(await archive.decideRecommendation(decision)).toStrictEqual(
          recommendationRecord(decision),
        );
        await archive.putRecommendations(
          ids.map((id) => recommendationRecord({ id, text: 'better said' })),
        );
        await archive.putRecommendations([]);
        const { items } = await archive.recommendations({ limit: 10 });
        expect(items.map(({ id, text }) => [id, text])).toEqual([
          ['a', 'better said'],
          ['b', recommendationRecord().text],
          ['c', 'better said'],
        ]);
        expect(await archive.decideRecommendation({ ...decision, id: 'none' })).toBeUndefined();
      });

      it('pages recommendations by state and incident, newest first, a report in its order', async () => {
        await archive.putRecommendations([
          recommendationRecord({ id: 'a', createdAtMs: 1 }),
          recommendationRecord({ id: 'b', createdAtMs: 2 }),
          recommendationRecord({ id: 'c', createdAtMs: 2, state: 'dismissed' }),
          recommendationRecord({ id: 'd', createdAtMs: 3, incidentId: 'other' }),
        ]);
        const pages = await walk((after) => archive.recommendations({ limit: 1, after }));
        expect(pages.flat().map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a']);
        const some = { states: ['open' as const], incidentId: ID, limit: 10 };
        const open = await archive.recommendations(some);
        expect(open.items.map(({ id }) => id)).toEqual(['b', 'a']);
        expect((await archive.recommendations({ states: [], limit: 1 })).items).toEqual([]);
      });

      it('keeps the first of two changes of one id, and finds those of all services too', async () => {
        await archive.putChange(changeRecord({ id: 'a', atMs: 1 }));
        await archive.putChange(changeRecord({ id: 'a', atMs: 1, summary: 'told again' }));
        await archive.putChange(changeRecord({ id: 'b', atMs: 2, service: '*' }));
        await archive.putChange(changeRecord({ id: 'c', atMs: 3, service: 'code' }));
        await archive.putChange(changeRecord({ id: 'd', atMs: 4, replica: 'engine-1' }));
        const found = await archive.changes({ service: 'chat', fromMs: 1, toMs: 3, limit: 9 });
        expect(found).toStrictEqual([
          changeRecord({ id: 'b', atMs: 2, service: '*' }),
          changeRecord({ id: 'a', atMs: 1 }),
        ]);
        const newest = await archive.changes({ fromMs: 0, toMs: 9, limit: 1 });
        expect(newest).toStrictEqual([changeRecord({ id: 'd', atMs: 4, replica: 'engine-1' })]);
      });

      it('keeps drills, newest first', async () => {
        await archive.putDrill(drillRecord({ id: 'a', atMs: 1 }));
        await archive.putDrill(drillRecord({ id: 'b', atMs: 2, isRight: false }));
        await archive.putDrill(drillRecord({ id: 'b', atMs: 2 }));
        expect(await archive.drills({ sinceMs: 2, limit: 9 })).toStrictEqual([
          drillRecord({ id: 'b', atMs: 2, isRight: false }),
        ]);
      });

      it('forgets recommendations with their reports, and told changes and drills', async () => {
        await archive.putReport(reportRecord({ createdAtMs: 1 }));
        await archive.putRecommendations([recommendationRecord()]);
        await archive.putRecommendations([recommendationRecord({ id: 'x', reportId: 'kept' })]);
        await archive.putChange(changeRecord({ atMs: 1 }));
        await archive.putDrill(drillRecord({ atMs: 1 }));
        expect((await archive.deleteOlderThan({ reportsBeforeMs: 2 })).reports).toBe(1);
        const { items } = await archive.recommendations({ limit: 9 });
        expect(items.map(({ id }) => id)).toEqual(['x']);
        expect(await archive.changes({ fromMs: 0, toMs: 9, limit: 9 })).toEqual([]);
        expect(await archive.drills({ sinceMs: 0, limit: 9 })).toEqual([]);
      });
    });

    describe('audit', () => {
      it('never changes a line, and pages by target', async () => {
        await archive.putAudit(auditRecord({ key: 'k1', atMs: 1 }));
        await archive.putAudit(auditRecord({ key: 'k1', atMs: 9, who: 'mallory' }));
        await archive.putAudit(auditRecord({ key: 'k2', atMs: 2, target: 'other' }));
        await archive.putAudit(auditRecord({ key: 'k3', atMs: 3 }));
        const all = await walk((after) => archive.audit({ limit: 2, after }));
        expect(all.flat().map((r) => r.key)).toEqual(['k3', 'k2', 'k1']);
        expect(all.flat().at(-1)).toStrictEqual(auditRecord({ key: 'k1', atMs: 1 }));
        const mine = await walk((after) => archive.audit({ limit: 1, after, target: ID }));
        expect(mine.flat().map((r) => r.key)).toEqual(['k3', 'k1']);
      });
    });

    describe('alerts', () => {
      it('keeps the latest revision, and pages through those of an incident', async () => {
        await archive.putAlert(alertRecord({ id: 'a1', atMs: 1 }));
        const later = alertRecord({ id: 'a1', atMs: 1, revision: 3, acknowledgedBy: 'ada' });
        await archive.putAlert(later);
        await archive.putAlert(alertRecord({ id: 'a1', atMs: 1, revision: 2, title: 'late' }));
        await archive.putAlert(alertRecord({ id: 'a2', atMs: 2, incidentId: 'other' }));
        await archive.putAlert(
          alertRecord({ id: 'a3', atMs: 2, replica: undefined, state: 'silenced', why: 'by ada' }),
        );
        const all = await walk((after) => archive.alerts({ limit: 1, after }));
        expect(all.flat().map((r) => r.id)).toEqual(['a3', 'a2', 'a1']);
        const mine = await archive.alerts({ limit: 10, incidentId: ID });
        expect(mine.items.map((r) => r.id)).toEqual(['a3', 'a1']);
        expect(mine.items[1]).toStrictEqual(later);
      });

      it('counts those that were sent, also after they were forgotten', async () => {
        await archive.putAlert(alertRecord({ id: 'a1', atMs: 10 }));
        await archive.putAlert(alertRecord({ id: 'a2', atMs: 20 }));
        await archive.putAlert(alertRecord({ id: 'a3', atMs: 20, state: 'grouped' }));
        expect((await archive.statistics(0)).alertsSent).toBe(2);
        expect((await archive.statistics(11)).alertsSent).toBe(1);
        expect((await archive.deleteOlderThan({ alertsBeforeMs: 20 })).alerts).toBe(1);
        expect((await archive.alerts({ limit: 10 })).items).toHaveLength(2);
        expect((await archive.statistics(0)).alertsSent).toBe(2);
      });
    });

    describe('statistics and retention', () => {
      const minor = { severity: 'minor', violationType: 'error_rate_spike' } as const;

      beforeEach(async () => {
        const put = archive.putIncident.bind(archive);
        await put(
          incidentRecord({ id: 'a', openedAtMs: 10, resolvedAtMs: 20, outcome: 'recovered' }),
        );
        await put(
          incidentRecord({ id: 'b', openedAtMs: 30, resolvedAtMs: 40, outcome: 'recovered' }),
        );
        await put(incidentRecord({ id: 'c', openedAtMs: 50, outcome: 'aborted', ...minor }));
        await put(
          incidentRecord({
            id: 'd',
            openedAtMs: 15,
            resolvedAtMs: 35,
            outcome: 'none',
            procedure: undefined,
          }),
        );
        for (const id of ['a', 'b', 'c']) {
          await archive.putTimeline([timelineEntry({ incidentId: id, atMs: 12 })]);
          await archive.putForensics(id, 'run-1', 'log', 'text');
          await archive.putReport(
            reportRecord({ id: `r-${id}`, createdAtMs: id === 'a' ? 22 : 60 }),
          );
          await archive.putAudit(auditRecord({ key: id, atMs: id === 'a' ? 22 : 60 }));
        }
      });

      const everything = {
        incidentsOpened: 4,
        recoveriesByOutcome: { recovered: 2, aborted: 1, none: 1 },
        reports: 3,
        alertsSent: 0,
        violations: [
          { severity: 'major', violationType: 'latency_breach', count: 3 },
          { severity: 'minor', violationType: 'error_rate_spike', count: 1 },
        ],
        recoveries: [
          { procedure: 'latency_spike', outcome: 'aborted', count: 1 },
          { procedure: 'latency_spike', outcome: 'recovered', count: 2 },
        ],
      };

      it('counts what was opened and written since, inclusive', async () => {
        expect(await archive.statistics(0)).toStrictEqual(everything);
        expect(await archive.statistics(30)).toStrictEqual({
          incidentsOpened: 2,
          recoveriesByOutcome: { recovered: 1, aborted: 1 },
          reports: 2,
          alertsSent: 0,
          violations: [
            { severity: 'major', violationType: 'latency_breach', count: 1 },
            { severity: 'minor', violationType: 'error_rate_spike', count: 1 },
          ],
          recoveries: [
            { procedure: 'latency_spike', outcome: 'aborted', count: 1 },
            { procedure: 'latency_spike', outcome: 'recovered', count: 1 },
          ],
        });
        expect(await archive.statistics(1_000)).toStrictEqual({
          incidentsOpened: 0,
          recoveriesByOutcome: {},
          reports: 0,
          alertsSent: 0,
          violations: [],
          recoveries: [],
        });
      });

      it('deletes each kind by its own limit, with what belongs to it, and never an open incident', async () => {
        expect(await archive.deleteOlderThan({})).toEqual({
          ...{ incidents: 0, reports: 0, audit: 0, deliveries: 0, alerts: 0, calls: 0 },
        });
        expect(await archive.deleteOlderThan({ incidentsBeforeMs: 40 })).toEqual({
          incidents: 2,
          reports: 0,
          audit: 0,
          deliveries: 0,
          alerts: 0,
          calls: 0,
        });
        const left = await archive.incidents({ limit: 10 });
        expect(left.items.map((r) => r.id)).toEqual(['c', 'b']);
        expect(await archive.timeline('a', 'run-1')).toEqual([]);
        expect(await archive.forensics('a', 'run-1')).toEqual([]);
        expect(await archive.timeline('b', 'run-1')).toHaveLength(1);
        expect(await archive.forensics('b', 'run-1')).toHaveLength(1);
        const far = 2 ** 52;
        expect(
          await archive.deleteOlderThan({
            incidentsBeforeMs: far,
            reportsBeforeMs: 23,
            auditBeforeMs: 60,
          }),
        ).toEqual({ incidents: 1, reports: 1, audit: 1, deliveries: 0, alerts: 0, calls: 0 });
        expect((await archive.incidents({ limit: 10 })).items.map((r) => r.id)).toEqual(['c']);
        expect(await archive.timeline('c', 'run-1')).toHaveLength(1);
      });

      it('forgets lines whose incident is gone', async () => {
        await archive.deleteOlderThan({ incidentsBeforeMs: 21 });
        await archive.putTimeline([timelineEntry({ incidentId: 'a', atMs: 20, sequence: 7 })]);
        await archive.deleteOlderThan({ incidentsBeforeMs: 21 });
        expect(await archive.timeline('a', 'run-1')).toEqual([]);
      });

      it('keeps totals over all time when records go, also at the second pass', async () => {
        await archive.deleteOlderThan({ incidentsBeforeMs: 25, reportsBeforeMs: 25 });
        await archive.deleteOlderThan({ incidentsBeforeMs: 45, reportsBeforeMs: 70 });
        expect((await archive.incidents({ limit: 10 })).items).toHaveLength(1);
        expect(await archive.statistics(0)).toStrictEqual(everything);
        expect((await archive.statistics(1)).incidentsOpened).toBe(1);
      });

      it('deletes more than a batch', async () => {
        await Promise.all(
          Array.from({ length: 520 }, (_, i) =>
            archive.putAudit(auditRecord({ key: `bulk-${i}`, atMs: 1 })),
          ),
        );
        expect((await archive.deleteOlderThan({ auditBeforeMs: 2 })).audit).toBe(520);
        expect((await archive.audit({ limit: 10 })).items).toHaveLength(3);
      });
    });

    describe('calls with an idempotency key', () => {
      const claim = (over: Partial<CallClaim> = {}): CallClaim => ({
        ...{ id: 'call', request: 'request', claim: 'a', atMs: 1_000, staleBeforeMs: 0, ...over },
      });
      const ANSWER = { status: 201, contentType: 'application/json', body: '{"a":"ü"}' };

      it('gives a call to the first, who keeps it through a repeated claim', async () => {
        const first = await archive.claimCall(claim());
        expect(first).toStrictEqual({
          ...{ id: 'call', request: 'request', claim: 'a', atMs: 1_000, answer: undefined },
        });
        expect(await archive.claimCall(claim())).toStrictEqual(first);
        expect(await archive.claimCall(claim({ claim: 'b', atMs: 2_000 }))).toStrictEqual(first);
      });

      it('gives it to one of many at once', async () => {
        const claims = await Promise.all(
          ['a', 'b', 'c', 'd', 'e'].map((name) => archive.claimCall(claim({ claim: name }))),
        );
        expect(new Set(claims.map((one) => one.claim)).size).toBe(1);
      });

      it('keeps the answer, which nobody changes', async () => {
        await archive.claimCall(claim());
        await archive.settleCall({ id: 'call', claim: 'b', answer: { ...ANSWER, status: 500 } });
        await archive.settleCall({ id: 'call', claim: 'a', answer: ANSWER });
        await archive.settleCall({ id: 'call', claim: 'a', answer: { ...ANSWER, body: 'late' } });
        const later = claim({ claim: 'b', request: 'other', atMs: 9_000, staleBeforeMs: 8_000 });
        expect(await archive.claimCall(later)).toMatchObject({
          request: 'request',
          answer: ANSWER,
        });
      });

      it('lets a claim be taken over that is stale, or was settled without an answer', async () => {
        await archive.claimCall(claim());
        const second = claim({ claim: 'b', atMs: 5_000, staleBeforeMs: 1_001 });
        expect(await archive.claimCall({ ...second, request: 'other' })).toMatchObject({
          claim: 'a',
        });
        expect(await archive.claimCall(second)).toMatchObject({ claim: 'b', atMs: 5_000 });
        await archive.settleCall({ id: 'call', claim: 'a', answer: ANSWER });
        await archive.settleCall({ id: 'call', claim: 'b', answer: undefined });
        const third = claim({ claim: 'c', atMs: 6_000, staleBeforeMs: 1 });
        expect(await archive.claimCall(third)).toMatchObject({ claim: 'c', answer: undefined });
      });

      it('forgets old ones', async () => {
        await archive.claimCall(claim({ id: 'old', atMs: 10 }));
        await archive.claimCall(claim({ id: 'new', atMs: 20 }));
        expect((await archive.deleteOlderThan({ callsBeforeMs: 20 })).calls).toBe(1);
        const again = await archive.claimCall(claim({ id: 'new', claim: 'b', atMs: 30 }));
        expect(again).toMatchObject({ claim: 'a', atMs: 20 });
      });
    });

    describe('deliveries', () => {
      it.each([
        ['every optional field absent', {}],
        [
          'every optional field present',
          { incidentId: 'i', error: 'answered 500', ref: '17.2', insteadOf: 'pager' },
        ],
      ])('gives back what was put: %s', async (_, over) => {
        const record = deliveryRecord(over);
        await archive.putDelivery(record);
        expect(await archive.deliveries({ limit: 10 })).toStrictEqual([record]);
      });

      it('keeps a delivered one delivered, and drops what was known before', async () => {
        const put = (over: Partial<DeliveryRecord>) => archive.putDelivery(deliveryRecord(over));
        const now = async () => (await archive.deliveries({ limit: 10 }))[0];
        await put({ state: 'pending', attempts: 2, error: 'answered 500' });
        await put({ state: 'pending', attempts: 1, error: 'older' });
        expect(await now()).toMatchObject({ state: 'pending', attempts: 2, error: 'answered 500' });
        await put({ state: 'delivered', attempts: 3, ref: 'r' });
        await put({ state: 'pending', attempts: 4, error: 'late' });
        await put({ state: 'failed', attempts: 9, error: 'late' });
        expect(await now()).toMatchObject({ state: 'delivered', attempts: 3, ref: 'r' });
      });

      it('finds them by notification, thread, channel, incident and state, oldest first', async () => {
        await archive.putDelivery(deliveryRecord({ notificationId: 'n2', atMs: 20, ref: 'b' }));
        await archive.putDelivery(deliveryRecord({ notificationId: 'n1', atMs: 10, ref: 'a' }));
        await archive.putDelivery(
          deliveryRecord({
            ...{ notificationId: 'n1', channel: 'mail', atMs: 30, state: 'failed', ref: 'c' },
            ...{ threadKey: 'other', incidentId: 'i' },
          }),
        );
        const refs = async (query: Partial<DeliveryQuery>) =>
          (await archive.deliveries({ limit: 10, ...query })).map(({ ref }) => ref);
        expect(await refs({})).toEqual(['a', 'b', 'c']);
        expect(await refs({ limit: 1 })).toEqual(['a']);
        expect(await refs({ notificationIds: ['n1', 'n9'] })).toEqual(['a', 'c']);
        expect(await refs({ notificationIds: [] })).toEqual([]);
        expect(await refs({ threadKey: 'thread', channel: 'slack' })).toEqual(['a', 'b']);
        expect(await refs({ incidentId: 'i' })).toEqual(['c']);
        expect(await refs({ state: 'failed' })).toEqual(['c']);
      });

      it('forgets old ones', async () => {
        await archive.putDelivery(deliveryRecord({ notificationId: 'n1', atMs: 10 }));
        await archive.putDelivery(deliveryRecord({ notificationId: 'n2', atMs: 20 }));
        expect((await archive.deleteOlderThan({ deliveriesBeforeMs: 20 })).deliveries).toBe(1);
        expect(await archive.deliveries({ limit: 10 })).toHaveLength(1);
      });
    });

    it('may be closed twice', async () => {
      await archive.close();
      await expect(archive.close()).resolves.toBeUndefined();
    });
  });
}
