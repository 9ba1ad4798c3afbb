import { mergeExpositions } from '../telemetry.js';
import type { DetectorAnswer, DetectorClient, Method, PartClient } from './detector-client.js';
import { mergeStatus, spokenOf } from './merge-status.js';
import {
  askAll,
  firstOf,
  noAnswer,
  pushAlerts,
  pushMeasurements,
  pushReport,
  type ShardedDetectors,
} from './sharded-pushes.js';

/** Several detectors of which each watches its services. */
export interface ShardedParts extends ShardedDetectors {
  readonly clients: ReadonlyMap<number, PartClient>;
  readonly nowMs: () => number;
}

const THRESHOLDS = '/internal/thresholds';
const PUSHES: Readonly<Record<string, typeof pushReport>> = {
  '/internal/measurements': pushMeasurements,
  '/internal/alertmanager': pushAlerts,
  '/internal/incidents': pushReport,
};
/** Lists of things about a service, by the address that gives them. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  '/internal/recent-slis': ['recent'],
  '/internal/outlook': ['budgets', 'outlooks'],
};

/**
 * Several detectors as one: what is told goes to those that watch what it is about, what is asked comes
 * from all of them. One that does not answer is named in the status, with what nobody watches now.
 */
export function createShardedDetectors(detectors: ShardedParts): DetectorClient {
  const { clients, ownersOf, nameOf, nowMs } = detectors;
  return {
    async status() {
      const parts = await Promise.all(
        [...clients].map(async ([number, client]) => [number, await client.part()] as const),
      );
      return mergeStatus(new Map(parts), detectors, nowMs());
    },
    async metrics() {
      const parts = await Promise.all(
        [...clients].map(async ([number, client]) => {
          const text = await client.metrics();
          return text === undefined ? [] : [{ role: nameOf(number), text }];
        }),
      );
      return parts.flat().length === 0 ? undefined : mergeExpositions(parts.flat());
    },
    async forward(method, path, body) {
      const { pathname, searchParams } = new URL(path, 'http://detector');
      const push = PUSHES[pathname];
      if (push !== undefined) return push(detectors, pathname, body);
      const lists = LISTS[pathname];
      if (lists !== undefined) return listsOf(detectors, pathname, lists);
      if (pathname.startsWith(THRESHOLDS)) return thresholds(detectors, method, pathname, body);
      const owners = ownersOf(searchParams.get('service') ?? '');
      return firstOf(detectors, owners, (client) => client.forward(method, path, body));
    },
  };
}

/** Of each list, what the detector says that speaks for its service. */
async function listsOf(
  detectors: ShardedParts,
  path: string,
  lists: readonly string[],
): Promise<DetectorAnswer> {
  const said = new Map<number, Readonly<Record<string, readonly { service: string }[]>>>();
  await Promise.all(
    [...detectors.clients].map(async ([number, client]) => {
      const answer = await client.forward('GET', path, undefined).catch(() => undefined);
      if (answer === undefined || answer.status >= 300) return;
      said.set(number, answer.body as Readonly<Record<string, readonly { service: string }[]>>);
    }),
  );
  if (said.size === 0) {
    throw noAnswer(detectors, [...detectors.clients.keys()], 'see their logs, or restart them');
  }
  const body = Object.fromEntries(
    lists.map((name) => {
      const those = new Map([...said].map(([number, answer]) => [number, answer[name] ?? []]));
      return [name, spokenOf(those, detectors.ownersOf)];
    }),
  );
  return { status: 200, body };
}

/**
 * All judge by the same thresholds: a change is made where all of them answer, or nowhere. What the
 * first refuses, the others would refuse as well.
 */
async function thresholds(
  detectors: ShardedParts,
  method: Method,
  path: string,
  body: unknown,
): Promise<DetectorAnswer> {
  const numbers = [...detectors.clients.keys()];
  if (path === `${THRESHOLDS}/suggestions` || path.endsWith('/accept')) {
    const message =
      'a tolerance is proposed from the samples of all services, and no detector of several has them';
    return { status: 409, body: { message } };
  }
  if (method === 'GET') {
    return firstOf(detectors, numbers, (client) => client.forward('GET', path, undefined));
  }
  const ready = await askAll(detectors, numbers, (client) =>
    client.forward('GET', THRESHOLDS, undefined),
  );
  if (ready.silent.length > 0) {
    const why = 'nothing was changed, since all have to judge alike; send it again';
    throw noAnswer(detectors, ready.silent, why);
  }
  const [leader, ...rest] = numbers;
  const first = await firstOf(detectors, leader === undefined ? [] : [leader], (client) =>
    client.forward(method, path, body),
  );
  if (first.status >= 300) return first;
  const others = await askAll(detectors, rest, (client) => client.forward(method, path, body));
  const refused = others.answers.find(({ status }) => status >= 300);
  if (others.silent.length > 0) {
    const why = 'the others have changed; put the whole list (PUT /v1/thresholds)';
    throw noAnswer(detectors, others.silent, why);
  }
  return refused ?? first;
}
