import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An answer that is not a success: problem+json (RFC 9457). Thrown by handlers, answered by the app. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: ContentfulStatusCode,
    readonly title: string,
    /** What went wrong this time, and the way out. */
    readonly detail: string,
    options?: { cause?: unknown },
  ) {
    super(detail, options);
  }

  /** The body of the answer. */
  toJSON() {
    const { status, title, detail } = this;
    return { type: 'about:blank', title, status, detail };
  }
}
