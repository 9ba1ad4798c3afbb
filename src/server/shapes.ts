import { z } from 'zod';

/** An instant in answers: ISO 8601, UTC. */
export const instant = z.iso.datetime();

/** The same of Unix milliseconds; null where there is none. */
export function iso(atMs: number): string;
export function iso(atMs: number | undefined): string | null;
export function iso(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

/** Any JSON value: it has been parsed as such, so nothing is left to check. */
export const jsonValue = z
  .custom<z.core.util.JSONType>()
  .meta({ id: 'JsonValue', description: 'any JSON value' });

/** Who asks, where the caller’s token does not say it better, and why: every write may carry them. */
export const byAndReason = {
  by: z.string().max(200).optional().meta({ description: 'who asks, for the audit' }),
  reason: z.string().max(2_000).optional().meta({ description: 'why, for the audit' }),
};

/** The query of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z.string().max(2_000).optional().meta({ description: '`next` of the page before' }),
});

/** A list’s answer: a page of items under their name, newest first, and the cursor of the next page. */
export function pageOf<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  const items = { [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>;
  return z.object({ ...items, next: z.string().nullable() });
}

/** An answer that is not a success (RFC 9457). `problems` lists every mistake where there are several. */
export const problemShape = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
  })
  .meta({ id: 'Problem' });
