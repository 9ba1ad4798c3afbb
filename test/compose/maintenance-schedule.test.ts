import { describe, expect, it } from 'vitest';
import {
  MaintenanceSchedule,
  windowAt,
  type WindowOrder,
} from '../../src/compose/maintenance-schedule.js';

const HOUR_MS = 3_600_000;
/** Sundays at three in Vienna, for two hours. */
const weekly = {
  ...{ name: 'weekly', cron: '0 3 * * 0', timeZone: 'Europe/Vienna', for: 2 * HOUR_MS },
  reason: 'kernel updates',
};
const utc = (text: string) => Date.parse(`${text}Z`);

describe('a window', () => {
  it.each([
    ['before it, in winter', '2026-01-11T01:59:59', '2026-01-11T02:00:00'],
    ['at its beginning', '2026-01-11T02:00:00', '2026-01-11T02:00:00'],
    ['just before its end', '2026-01-11T03:59:59', '2026-01-11T02:00:00'],
    ['at its end, the next', '2026-01-11T04:00:00', '2026-01-18T02:00:00'],
    ['in summer, an hour earlier', '2026-07-12T01:30:00', '2026-07-12T01:00:00'],
    ['over the change of clocks', '2026-03-23T00:00:00', '2026-03-29T01:00:00'],
  ])('%s', (_, now, from) => {
    const { fromMs, untilMs } = windowAt(weekly, utc(now));
    expect(new Date(fromMs ?? 0).toISOString()).toBe(`${from}.000Z`);
    expect((untilMs ?? 0) - (fromMs ?? 0)).toBe(2 * HOUR_MS);
  });
});

describe('the schedule', () => {
  it('asks for a window that is under way, once it was taken no more', async () => {
    let nowMs = utc('2026-01-11T01:59:58');
    const asked: WindowOrder[] = [];
    let isAway = true;
    const schedule = new MaintenanceSchedule(
      [weekly],
      (order) => {
        if (isAway) return Promise.reject(new Error('away'));
        asked.push(order);
        return Promise.resolve();
      },
      () => undefined,
      () => nowMs,
    );
    await schedule.look();
    nowMs = utc('2026-01-11T02:30:00');
    await expect(schedule.look()).rejects.toThrow('away');
    isAway = false;
    await schedule.look();
    await schedule.look();
    expect(asked).toEqual([
      {
        ...{ on: true, by: 'schedule "weekly"', reason: 'kernel updates' },
        window: `weekly@${utc('2026-01-11T02:00:00')}`,
        untilMs: utc('2026-01-11T04:00:00'),
      },
    ]);
  });
});
