import type { Payload, PayloadCodec } from '@temporalio/common';
import { Hono } from 'hono';
import { z } from 'zod';

/** A page of Temporal's UI asks for some hundred payloads at once; one is at most 2 MB there. */
const BODY_LIMIT_BYTES = 8 << 20;

const base64 = z.string().transform((value) => new Uint8Array(Buffer.from(value, 'base64')));
const request = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), base64).optional(),
        data: base64.optional(),
      }),
    )
    .max(10_000),
});

/**
 * Decodes payloads for Temporal's UI, by the protocol of its codec endpoint: `POST /decode` with
 * protobuf's JSON of `payloads`. Only pages of `uiOrigin` are let in by the browser; it only decodes,
 * since nobody needs an oracle that encrypts.
 *
 * 400 for what is no such request or can't be decrypted, 413 above 8 MiB; never a payload in an error.
 */
export function createCodecServer(codec: PayloadCodec, uiOrigin: string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== uiOrigin) {
      return context.json({ message: `pages of ${uiOrigin} only` }, 403);
    }
    context.header('access-control-allow-origin', uiOrigin);
    context.header('vary', 'origin');
    if (context.req.method === 'OPTIONS') {
      context.header('access-control-allow-methods', 'POST');
      context.header('access-control-allow-headers', 'content-type, x-namespace, authorization');
      return context.body(null, 204);
    }
    await next();
    return undefined;
  });
  app.post('/decode', async (context) => {
    const length = Number(context.req.header('content-length') || Number.NaN);
    if (!(length <= BODY_LIMIT_BYTES)) {
      return context.json({ message: 'expected a content-length of at most 8 MiB' }, 413);
    }
    const given = request.safeParse(await context.req.json().catch(() => undefined));
    if (!given.success) return context.json({ message: 'expected {"payloads": [...]}' }, 400);
    try {
      const decoded = await codec.decode(given.data.payloads as Payload[]);
      return context.json({ payloads: decoded.map(toJson) });
    } catch (error) {
      return context.json({ message: error instanceof Error ? error.message : 'not decoded' }, 400);
    }
  });
  return app;
}

function toJson({ metadata, data }: Payload) {
  const text = (value: Uint8Array | null | undefined) =>
    Buffer.from(value ?? new Uint8Array()).toString('base64');
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)]),
    ),
    data: text(data),
  };
}
