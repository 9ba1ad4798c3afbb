import type { DeliveryQuery } from '../../../domain/archive.js';
import type { DeliveryRecord } from '../../../domain/notification.js';
import { checked, deliveryQuerySchema, deliverySchema } from '../records.js';
import { Binds, type SqlDatabase } from './database.js';

/** Writes how a delivery stands, unless more is known already. */
export async function putDelivery(db: SqlDatabase, record: DeliveryRecord): Promise<void> {
  const d = checked(deliverySchema, 'delivery', record);
  await db.write([
    {
      sql: `INSERT INTO deliveries (notification_id, channel, incident_id, thread_key, state,
          attempts, at_ms, error, ref, instead_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (notification_id, channel) DO UPDATE SET state = excluded.state,
          attempts = excluded.attempts, at_ms = excluded.at_ms, error = excluded.error,
          ref = excluded.ref, instead_of = excluded.instead_of
        WHERE deliveries.state <> 'delivered' AND
          (excluded.attempts >= deliveries.attempts OR excluded.state = 'delivered')`,
      binds: [
        ...[d.notificationId, d.channel, d.incidentId ?? null, d.threadKey, d.state, d.attempts],
        ...[d.atMs, d.error ?? null, d.ref ?? null, d.insteadOf ?? null],
      ],
    },
  ]);
}

/** The deliveries that match, oldest first. */
export async function deliveries(
  db: SqlDatabase,
  query: DeliveryQuery,
): Promise<readonly DeliveryRecord[]> {
  const q = checked(deliveryQuerySchema, 'query for deliveries', query);
  if (q.notificationIds?.length === 0) return [];
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.notificationIds !== undefined) {
    where.push(`notification_id IN ${binds.tuple(q.notificationIds)}`);
  }
  for (const [column, value] of [
    ['incident_id', q.incidentId],
    ['thread_key', q.threadKey],
    ['channel', q.channel],
    ['state', q.state],
  ] as const) {
    if (value !== undefined) where.push(`${column} = ${binds.add(value)}`);
  }
  const rows = await db.query({
    sql: `SELECT notification_id AS "notificationId", channel, incident_id AS "incidentId",
        thread_key AS "threadKey", state, attempts, at_ms AS "atMs", error, ref,
        instead_of AS "insteadOf"
      FROM deliveries WHERE ${where.join(' AND ')}
      ORDER BY at_ms, notification_id, channel LIMIT ${binds.add(q.limit)}`,
    binds: binds.values,
  });
  return rows.map((row) => checked(deliverySchema, 'stored delivery', row));
}
