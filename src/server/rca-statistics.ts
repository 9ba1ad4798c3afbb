import { z } from 'zod';
import { MAX_PAGE, type Archive } from '../domain/archive.js';
import { RECOMMENDATION_STATES } from '../domain/rca-archive.js';
import { instant, iso } from './shapes.js';

/** Bounds of likelihood between which reports are counted. */
const BUCKETS = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;
/** Reports that are counted: the newest, and their number is told. */
const MOST_REPORTS = 10 * MAX_PAGE;

/** What `/v1/rca/statistics` answers. */
export const statisticsShape = z
  .object({
    since: instant,
    reports: z.int(),
    confident: z.int(),
    byCategory: z.array(z.object({ category: z.string(), count: z.int() })),
    confidence: z
      .array(z.object({ from: z.number(), to: z.number(), count: z.int() }))
      .meta({ description: 'reports by the likelihood of the cause that they name' }),
    recommendations: z.record(z.enum(RECOMMENDATION_STATES), z.int()),
    drills: z.object({
      total: z.int(),
      right: z.int(),
      byFault: z.array(z.object({ fault: z.string(), total: z.int(), right: z.int() })),
    }),
  })
  .meta({ id: 'RcaStatistics' });

/** Counts the reports, recommendations and drills since an instant. */
export async function rcaStatistics(
  archive: Pick<Archive, 'reports' | 'recommendations' | 'drills'>,
  sinceMs: number,
): Promise<z.output<typeof statisticsShape>> {
  const reports = await all((after) => archive.reports({ limit: MAX_PAGE, sinceMs, after }));
  const advice = await all((after) => archive.recommendations({ limit: MAX_PAGE, after }));
  const recent = advice.filter(({ createdAtMs }) => createdAtMs >= sinceMs);
  const drills = await archive.drills({ sinceMs, limit: MAX_PAGE });
  const categories = tally(reports.map(({ category }) => category));
  const faults = tally(drills.map(({ fault }) => fault));
  const named = reports.filter(({ category }) => category !== 'undetermined');
  const inState = (state: string): number => recent.filter((one) => one.state === state).length;
  return {
    since: iso(sinceMs),
    reports: reports.length,
    confident: reports.filter(({ isConfident }) => isConfident).length,
    byCategory: categories.map(([category, count]) => ({ category, count })),
    confidence: BUCKETS.slice(1).map((to, i) => {
      const from = BUCKETS[i]!;
      const isIn = (likelihood: number): boolean =>
        likelihood >= from && (likelihood < to || (to === 1 && likelihood === 1));
      return { from, to, count: named.filter(({ likelihood }) => isIn(likelihood)).length };
    }),
    recommendations: {
      open: inState('open'),
      accepted: inState('accepted'),
      done: inState('done'),
      dismissed: inState('dismissed'),
    },
    drills: {
      total: drills.length,
      right: drills.filter(({ isRight }) => isRight).length,
      byFault: faults.map(([fault, total]) => ({
        fault,
        total,
        right: drills.filter((drill) => drill.fault === fault && drill.isRight).length,
      })),
    },
  };
}

async function all<T>(
  page: (after: string | undefined) => Promise<{ items: readonly T[]; next: string | undefined }>,
): Promise<T[]> {
  const found: T[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await page(after);
    found.push(...items);
    after = next;
  } while (after !== undefined && found.length < MOST_REPORTS);
  return found;
}

/** Names with how often they occur, the most frequent first. */
function tally(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
