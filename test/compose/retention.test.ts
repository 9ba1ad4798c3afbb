import { describe, expect, it, onTestFinished } from 'vitest';
import { libsqlArchive } from '../../src/adapters/archive/libsql.js';
import { applyRetention } from '../../src/compose/retention.js';
import { parseConfig } from '../../src/config/load.js';
import {
  alertRecord,
  auditRecord,
  deliveryRecord,
  incidentRecord,
  reportRecord,
} from '../adapters/archive/records.js';

const DAY_MS = 86_400_000;
const NOW_MS = 1_700_000_000_000;

describe('applyRetention', () => {
  async function filled() {
    const archive = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    onTestFinished(() => archive.close());
    for (const days of [1, 89, 91, 364, 366]) {
      const atMs = NOW_MS - days * DAY_MS;
      const id = `of-${days}`;
      await archive.putIncident(
        incidentRecord({ id, state: 'resolved', openedAtMs: atMs - 1, resolvedAtMs: atMs }),
      );
      await archive.putReport(reportRecord({ id, createdAtMs: atMs }));
      await archive.putAlert(alertRecord({ id, atMs }));
      await archive.putAudit(auditRecord({ key: id, atMs }));
      await archive.claimCall({ id, request: 'r', claim: 'c', atMs, staleBeforeMs: 0 });
      await archive.putDelivery(deliveryRecord({ notificationId: id, atMs }));
    }
    return archive;
  }

  it('keeps what the defaults say: 90 days, the audit a year, keys of calls a day', async () => {
    const archive = await filled();
    const { retention } = parseConfig('{}', 'test.yaml', {});
    expect(await applyRetention(archive, retention, NOW_MS)).toEqual({
      ...{ incidents: 3, reports: 3, audit: 1, deliveries: 3, alerts: 3, calls: 4 },
    });
    expect((await archive.incidents({ limit: 10 })).items.map(({ id }) => id)).toEqual([
      'of-1',
      'of-89',
    ]);
  });

  it('keeps for ever what is set to 0s', async () => {
    const archive = await filled();
    const text =
      'retention: { incidents: 0s, reports: 0s, audit: 0s, alerts: 2d, idempotencyKeys: 0s }';
    const { retention } = parseConfig(text, 'test.yaml', {});
    expect(await applyRetention(archive, retention, NOW_MS)).toEqual({
      ...{ incidents: 0, reports: 0, audit: 0, deliveries: 4, alerts: 4, calls: 0 },
    });
  });
});
