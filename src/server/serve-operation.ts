import { z } from 'zod';
import { includesRole, type Principal } from '../domain/access.js';
import type { AuditTrail } from './audit-trail.js';
import { parseBody, readBytes } from './body.js';
import { nameOf, type Origin } from './caller.js';
import type { Call, Operation } from './operation.js';
import { Problem, problemOf } from './problem.js';
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

const nothing = z.unknown().transform(() => undefined);

/**
 * One call of an operation: authorised, read, validated, handled, audited.
 *
 * @throws Problem and whatever the handler throws: for the app’s error handler.
 */
export async function serveOperation(
  operation: Operation,
  incoming: Incoming,
  audit: AuditTrail,
): Promise<Response> {
  const principal = callerOf(operation, incoming.principal);
  const read: Read = { by: principal.name };
  if (operation.method === 'get') {
    return sent(operation, await handled(operation, incoming, principal, read));
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
  try {
    const answer = await handled(operation, incoming, principal, read);
    const said = answer.audit;
    await write('accepted', said?.detail ?? reasonOf(read.call?.body), said);
    return sent(operation, answer);
  } catch (error) {
    const { status, detail } = problemOf(error);
    await write(status < 500 ? 'refused' : 'failed', detail);
    throw error;
  }
}

/** What of a call is known so far: a refused one is audited with as much as that. */
interface Read {
  by: string;
  call?: Pick<Call<unknown, unknown, unknown>, 'params' | 'query' | 'body'>;
}

const fromOf = ({ origin }: Incoming) => `${origin.address} ${origin.userAgent}`;

/** Who calls. */
function callerOf({ role }: Operation, principal: Principal | undefined): Principal {
  if (principal !== undefined) return principal;
  if (role === 'public') return { name: 'anonymous', role: 'viewer', via: 'none' };
  throw new Problem(401, 'Not signed in', 'send a token: "Authorization: Bearer …"', {
    headers: { 'www-authenticate': 'Bearer realm="paramedic"' },
  });
}

async function handled(operation: Operation, incoming: Incoming, principal: Principal, read: Read) {
  const { role } = operation;
  const { request, params, query } = incoming;
  if (role !== 'public' && !includesRole(principal.role, role)) {
    const why = `this needs the role ${role}; "${principal.name}" is ${principal.role}`;
    throw new Problem(403, 'Not allowed', why);
  }
  const call = {
    params: validated(operation.params ?? nothing, params, 'path'),
    query: validated(operation.query ?? nothing, query, 'query'),
    body: operation.body && validated(operation.body, await bodyOf(operation, request), 'body'),
  };
  read.by = nameOf(principal, claimed(call.body) ?? claimed(call.query));
  read.call = call;
  const from = fromOf(incoming);
  return within(operation.handle({ ...call, principal, by: read.by, from, request }));
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

async function bodyOf({ bodyLimitBytes }: Operation, request: Request): Promise<unknown> {
  return parseBody(await readBytes(request, bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES));
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
