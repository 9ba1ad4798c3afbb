import { z } from 'zod';
import { includesRole, type Principal } from '../domain/access.js';
import type { AuditTrail } from './audit-trail.js';
import { parseBody, readBytes } from './body.js';
import { nameOf, type Origin } from './caller.js';
import type { CallKeeper, Keyed } from './idempotency.js';
import type { Call, Operation } from './operation.js';
import { Problem, problemOf } from './problem.js';
import { SIGNATURE_HEADER, type SignatureReader } from './request-signature.js';
import { validated } from './validate.js';

/** Longest body unless the operation says otherwise. */
export const DEFAULT_BODY_LIMIT_BYTES = 64 << 10;

/** A call as it came in. */
export interface Incoming {
  readonly request: Request;
  /** Of the path, as the router found them. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Undefined: nobody that we know. */
  readonly principal: Principal | undefined;
  readonly origin: Origin;
}

/** What every operation is served with. */
export interface Serving {
  readonly audit: AuditTrail;
  readonly calls: CallKeeper;
  readonly signatures: SignatureReader;
}

const nothing = z.unknown().transform(() => undefined);

/**
 * One call of an operation: authorised, read, validated, handled, audited. A write whose key is known is
 * answered as it was then.
 *
 * @throws Problem and whatever the handler throws: for the app’s error handler.
 */
export async function serveOperation(
  operation: Operation,
  incoming: Incoming,
  { audit, calls, signatures }: Serving,
): Promise<Response> {
  const bytes = once(() => bodyOf(operation, incoming.request));
  const principal = await callerOf(operation, incoming, signatures, bytes);
  const read: Read = { by: principal.name };
  if (operation.method === 'get') {
    const call = await understood(operation, incoming, principal, read, bytes);
    return sent(operation, await within(operation.handle(call)));
  }
  const write = async (outcome: string, detail: string, said: Given['audit'] = {}) => {
    const who = said.who ?? read.by;
    // Or strangers could fill the archive.
    if (principal.via === 'none' && said.who === undefined) return;
    const line = lineOf(operation, incoming, read);
    const from = fromOf(incoming);
    const { target = line.target, key } = said;
    await audit.write(
      { ...line, who, from, target, outcome, detail, ...(key === undefined ? {} : { key }) },
      operation.audit?.how ?? 'each',
    );
  };
  let keyed: Keyed | undefined;
  try {
    const call = await understood(operation, incoming, principal, read, bytes);
    // What strangers are answered may be theirs alone, and a secret: a session.
    if (operation.role !== 'public') {
      keyed = await calls.keyed(incoming.request, await bytes(), principal.name);
    }
    if (keyed?.kind === 'replay') return keyed.response;
    const answer = await within(operation.handle(call));
    const said = answer.audit;
    await write('accepted', said?.detail ?? reasonOf(read.call?.body), said);
    const response = sent(operation, answer);
    await keyed?.settle(response);
    return response;
  } catch (error) {
    const problem = problemOf(error);
    await write(problem.status < 500 ? 'refused' : 'failed', problem.detail);
    if (keyed?.kind === 'new') await keyed.settle(problem.toResponse());
    throw error;
  }
}

/** Runs it at the first call only. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= run());
}

/** What of a call is known so far: a refused one is audited with as much as that. */
interface Read {
  by: string;
  call?: Pick<Call<unknown, unknown, unknown>, 'params' | 'query' | 'body'>;
}

const fromOf = ({ origin }: Incoming) => `${origin.address} ${origin.userAgent}`;

/** Who calls: by a token or a session, or where an operation takes it by a signature over the body. */
async function callerOf(
  { role, takesSignature }: Operation,
  { request, principal }: Incoming,
  signatures: SignatureReader,
  bytes: () => Promise<Buffer>,
): Promise<Principal> {
  if (principal !== undefined) return principal;
  if (takesSignature === true && request.headers.has(SIGNATURE_HEADER)) {
    const signer = await signatures(request.headers, await bytes());
    if (signer !== undefined) return signer;
  }
  if (role === 'public') return { name: 'anonymous', role: 'viewer', via: 'none' };
  throw new Problem(401, 'Not signed in', 'send a token: "Authorization: Bearer …"', {
    headers: { 'www-authenticate': 'Bearer realm="paramedic"' },
  });
}

/** The call after authorisation and validation; `read` has as much of it as was understood. */
async function understood(
  operation: Operation,
  incoming: Incoming,
  principal: Principal,
  read: Read,
  bytes: () => Promise<Buffer>,
) {
  const { role } = operation;
  const { request, params, query } = incoming;
  if (role !== 'public' && !includesRole(principal.role, role)) {
    const why = `this needs the role ${role}; "${principal.name}" is ${principal.role}`;
    throw new Problem(403, 'Not allowed', why);
  }
  const call = {
    params: validated(operation.params ?? nothing, params, 'path'),
    query: validated(operation.query ?? nothing, query, 'query'),
    body: operation.body && validated(operation.body, parseBody(await bytes()), 'body'),
  };
  read.by = nameOf(principal, claimed(call.body) ?? claimed(call.query));
  read.call = call;
  const from = fromOf(incoming);
  return { ...call, principal, by: read.by, from, request };
}

/** Longer than anything that a handler calls may take; the last resort against a hang. */
const HANDLE_WITHIN_MS = 30_000;

async function within<T>(handling: Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const why = 'it took too long: it may have happened; look before you repeat it';
      reject(new Problem(503, 'No answer', why));
    }, HANDLE_WITHIN_MS);
  });
  try {
    return await Promise.race([handling, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function bodyOf({ body, bodyLimitBytes }: Operation, request: Request): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  return readBytes(request, bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES);
}

function lineOf({ id, audit }: Operation, { params }: Incoming, { call }: Read) {
  const said = call && audit?.line?.(call);
  const target = said?.target ?? params['id'] ?? params['name'] ?? '*';
  return { what: said?.what ?? id, target };
}

const claim = z.object({ by: z.string() });
const claimed = (given: unknown) => claim.safeParse(given).data?.by;
const reasons = z.object({ reason: z.string() });
const reasonOf = (body: unknown) => reasons.safeParse(body).data?.reason ?? '';

type Given = Awaited<ReturnType<Operation['handle']>>;

function sent({ answer: shape, status = 200 }: Operation, { body, headers }: Given): Response {
  const isText = typeof body === 'string' || body instanceof ReadableStream;
  const contentType = isText && 'contentType' in shape ? shape.contentType : 'application/json';
  const text = isText ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { 'content-type': contentType, ...headers } });
}
