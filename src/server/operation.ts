import type { z } from 'zod';
import type { Principal, Role } from '../domain/access.js';

/** A value as given back: handlers may return what is read-only. */
type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** What an operation answers: JSON of a shape, text of a type, or either as it was asked for. */
export type AnswerShape =
  | z.ZodType
  | { readonly contentType: string }
  | { readonly contentType: string; readonly json: z.ZodType };
type Text = string | ReadableStream<Uint8Array>;
type BodyOf<Shape> = Shape extends z.ZodType
  ? Frozen<z.output<Shape>>
  : Shape extends { readonly json: infer Json extends z.ZodType }
    ? Frozen<z.output<Json>> | Text
    : Text;

/** An answer that is a success. `audit` is what the audit says of it. */
export interface Answer<Shape extends AnswerShape> {
  readonly body: BodyOf<Shape>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly audit?: {
    readonly who?: string;
    readonly target?: string;
    readonly detail?: string;
    /** Of the line, where somebody else writes the same. */
    readonly key?: string;
  };
}

/** A call after authentication and validation. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: Principal;
  /** Who asks, in words: for messages to workflows. The same name is in the audit. */
  readonly by: string;
  /** From where, in the audit's words. */
  readonly from: string;
  /** The request itself, for its headers and its signal; the body has been read. */
  readonly request: Request;
}

/** How a write gets into the audit. Reads are never audited. */
export interface AuditRule<P, Q, B> {
  /** What was done, and to what; without it the operation’s id, and the `id` or `name` of its path. */
  readonly line?: (call: Pick<Call<P, Q, B>, 'params' | 'query' | 'body'>) => {
    readonly what: string;
    readonly target?: string;
  };
  /** `each` by default; `hourly` for a stream of data: one line for each caller and hour. */
  readonly how?: 'each' | 'hourly';
}

/** An operation of the API: all that its documentation, its checks and its answer need. */
export interface OperationSpec<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends AnswerShape,
> {
  /** `operationId` of the document: a verb and what it is done to, e.g. `openBreaker`. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Of the whole server, parameters in braces: `/v1/breakers/{id}/open`. */
  readonly path: `/${string}`;
  /** The resource, for the document’s sections. */
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** The least role; `public` needs no token at all. */
  readonly role: Role | 'public';
  /** Whether programs may sign their calls instead of showing a token; they are operators then. */
  readonly takesSignature?: boolean;
  /** Shapes of what comes in. A path parameter or a query is text: use `z.coerce` for numbers. */
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Longest body; 64 KiB unless told. */
  readonly bodyLimitBytes?: number;
  readonly answer: A;
  /** Of a success; 200 unless told. */
  readonly status?: 200 | 201 | 202;
  readonly audit?: AuditRule<z.output<P>, z.output<Q>, z.output<B>>;
  readonly handle: (
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<Answer<A>> | Answer<A>;
}

/** An operation whose shapes are checked at run time only: what a list of them holds. */
export type Operation = OperationSpec<z.ZodType, z.ZodType, z.ZodType, AnswerShape>;

type None = z.ZodUndefined;

/**
 * Declares an operation. The types of `handle` follow from the schemas beside it; the server validates
 * what comes in with the same ones, and the OpenAPI document is made of them.
 */
export function operation<
  A extends AnswerShape,
  P extends z.ZodType = None,
  Q extends z.ZodType = None,
  B extends z.ZodType = None,
>(spec: OperationSpec<P, Q, B, A>): Operation {
  // A list can't keep each one's types; what `handle` is given has been parsed by its own schemas.
  return spec;
}
