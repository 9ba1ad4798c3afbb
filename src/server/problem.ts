import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AdapterError } from '../domain/ports.js';

/** An answer that is not a success: problem+json (RFC 9457). Thrown by handlers, answered by the app. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** More members of the body, e.g. every mistake. */
  readonly more: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    readonly status: ContentfulStatusCode,
    readonly title: string,
    /** What went wrong this time, and the way out. */
    readonly detail: string,
    options: {
      cause?: unknown;
      more?: Readonly<Record<string, unknown>>;
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail, 'cause' in options ? { cause: options.cause } : {});
    this.more = options.more ?? {};
    this.headers = options.headers ?? {};
  }

  /** The body of the answer. */
  toJSON() {
    const { status, title, detail, more } = this;
    return { type: 'about:blank', title, status, detail, ...more };
  }

  /** The answer itself. */
  toResponse(): Response {
    return new Response(JSON.stringify(this.toJSON()), {
      status: this.status,
      headers: { ...this.headers, 'content-type': 'application/problem+json' },
    });
  }
}

/** What to answer for anything thrown; what is no Problem and no AdapterError is a fault of ours: 500. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof AdapterError) {
    if (error.reason === 'rejected') {
      return new Problem(400, 'Not understood', error.message, { cause: error });
    }
    return new Problem(503, 'Not possible now', error.message, { cause: error });
  }
  return new Problem(500, 'Internal error', 'see the server’s log', { cause: error });
}
