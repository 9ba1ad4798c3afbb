import type { DetectorAnswer, DetectorClient } from './detector-client.js';
import { Problem } from './problem.js';
import { fieldOf, splitPush, textOf } from './push-split.js';

/** Several detectors, and who watches what. */
export interface ShardedDetectors {
  /** By number, from 1. */
  readonly clients: ReadonlyMap<number, Pick<DetectorClient, 'forward'>>;
  readonly services: readonly string[];
  readonly ownersOf: (service: string) => readonly number[];
  readonly nameOf: (number: number) => string;
}

/** What some detectors answered, and which of them did not. */
interface Heard {
  readonly answers: readonly DetectorAnswer[];
  readonly silent: readonly number[];
}

/** Asks these detectors the same, all at once. */
export async function askAll(
  { clients }: ShardedDetectors,
  numbers: readonly number[],
  ask: (client: Pick<DetectorClient, 'forward'>) => Promise<DetectorAnswer>,
): Promise<Heard> {
  const results = await Promise.all(
    numbers.map(async (number) => {
      const client = clients.get(number);
      const answer = client && (await ask(client).catch(() => undefined));
      return { number, answer: answer !== undefined && answer.status < 500 ? answer : undefined };
    }),
  );
  return {
    answers: results.flatMap(({ answer }) => answer ?? []),
    silent: results.flatMap(({ number, answer }) => (answer === undefined ? [number] : [])),
  };
}

/** Tells what was not taken, by whom. */
export function noAnswer(
  { nameOf }: Pick<ShardedDetectors, 'nameOf'>,
  silent: readonly number[],
  what: string,
): Problem {
  const names = silent.map(nameOf).join(', ');
  return new Problem(503, 'No answer', `no answer of ${names}: ${what}`);
}

/** The service that is meant where none is named: the only one there is. */
const only = ({ services }: ShardedDetectors) => (services.length === 1 ? services[0] : undefined);

/** Each measurement to every detector that watches its service; taken where one of them takes it. */
export async function pushMeasurements(
  detectors: ShardedDetectors,
  path: string,
  body: unknown,
): Promise<DetectorAnswer> {
  const measurements = fieldOf(body, 'measurements');
  // Any of them says what is wrong with it.
  if (!Array.isArray(measurements)) return toFirst(detectors, path, body);
  const serviceOf = (item: unknown) => textOf(item, 'service') ?? only(detectors);
  const rejected: { index: number; message: string }[] = [];
  let heardOf = 0;
  const parts = splitPush(measurements, serviceOf, detectors.ownersOf);
  const results = await Promise.all(
    parts.map(async ({ owners, items }) => {
      const part = { measurements: items.map(({ item }) => item) };
      const heard = await askAll(detectors, owners, (client) => client.forward('POST', path, part));
      return { owners, items, heard };
    }),
  );
  for (const { owners, items, heard } of results) {
    const taken = heard.answers.filter(({ status }) => status < 300);
    if (taken.length > 0) heardOf += 1;
    const why = `no answer of ${owners.map(detectors.nameOf).join(', ')}: send it again`;
    const refusals = taken.map(rejectionsOf);
    items.forEach(({ index }, place) => {
      if (taken.length === 0) rejected.push({ index, message: why });
      else if (refusals.every((one) => one.has(place))) {
        rejected.push({ index, message: refusals[0]?.get(place) ?? '' });
      }
    });
  }
  if (heardOf === 0 && parts.length > 0) {
    const silent = [...new Set(results.flatMap(({ heard }) => heard.silent))];
    throw noAnswer(detectors, silent, 'nothing was taken; send it again');
  }
  rejected.sort((a, b) => a.index - b.index);
  const accepted = measurements.length - rejected.length;
  return { status: 200, body: { accepted, rejected } };
}

function rejectionsOf({ body }: DetectorAnswer): ReadonlyMap<number, string> {
  const { rejected } = body as { rejected: readonly { index: number; message: string }[] };
  return new Map(rejected.map(({ index, message }) => [index, message]));
}

/**
 * Each alert to every detector that watches its service. An end must reach all of them, or one that was
 * away would hold its incident open again; a beginning must reach one.
 */
export async function pushAlerts(
  detectors: ShardedDetectors,
  path: string,
  body: unknown,
): Promise<DetectorAnswer> {
  const alerts = fieldOf(body, 'alerts');
  if (!Array.isArray(alerts) || alerts.length === 0) return toFirst(detectors, path, body);
  const serviceOf = (alert: unknown) =>
    textOf(fieldOf(alert, 'labels'), 'service') ?? only(detectors);
  const results: Record<string, number> = {};
  let truncated = 0;
  const parts = splitPush(alerts, serviceOf, detectors.ownersOf);
  const silent = new Set<number>();
  for (const [place, { owners, items }] of parts.entries()) {
    const part = {
      ...(body as object),
      alerts: items.map(({ item }) => item),
      // What was left out belongs to no part: it is told once.
      ...(place === 0 ? {} : { truncatedAlerts: 0 }),
    };
    const heard = await askAll(detectors, owners, (client) => client.forward('POST', path, part));
    const [first] = heard.answers;
    const hasEnd = items.some(({ item }) => textOf(item, 'status') === 'resolved');
    if (first === undefined || hasEnd) for (const one of heard.silent) silent.add(one);
    if (first === undefined) continue;
    if (first.status >= 300) return first;
    const said = first.body as { results: Readonly<Record<string, number>>; truncated: number };
    truncated += said.truncated;
    for (const [what, count] of Object.entries(said.results)) {
      results[what] = (results[what] ?? 0) + count;
    }
  }
  if (silent.size > 0) throw noAnswer(detectors, [...silent], 'send it again');
  return { status: 200, body: { results, truncated } };
}

/** A report to every detector that watches its service; its end, which names no service, to all. */
export async function pushReport(
  detectors: ShardedDetectors,
  path: string,
  body: unknown,
): Promise<DetectorAnswer> {
  const isEnd = textOf(body, 'status') === 'resolved';
  const service = textOf(body, 'service');
  if (!isEnd && service === undefined) return toFirst(detectors, path, body);
  const numbers = isEnd ? [...detectors.clients.keys()] : detectors.ownersOf(service ?? '');
  const heard = await askAll(detectors, numbers, (client) => client.forward('POST', path, body));
  if (heard.answers.length === 0 || (isEnd && heard.silent.length > 0)) {
    throw noAnswer(detectors, heard.silent, 'send it again');
  }
  const told = heard.answers.find(
    ({ status, body: said }) => status < 300 && fieldOf(said, 'incident') !== null,
  );
  // One that answered is there: the list is not empty.
  return told ?? heard.answers[0]!;
}

/** What none of them owns more than another: the first that answers says it. */
async function toFirst(
  detectors: ShardedDetectors,
  path: string,
  body: unknown,
): Promise<DetectorAnswer> {
  return firstOf(detectors, [...detectors.clients.keys()], (client) =>
    client.forward('POST', path, body),
  );
}

/** One after the other until one answers. @throws Problem 503 where none does. */
export async function firstOf(
  detectors: ShardedDetectors,
  numbers: readonly number[],
  ask: (client: Pick<DetectorClient, 'forward'>) => Promise<DetectorAnswer>,
): Promise<DetectorAnswer> {
  for (const number of numbers) {
    const { answers } = await askAll(detectors, [number], ask);
    if (answers[0] !== undefined) return answers[0];
  }
  throw noAnswer(detectors, numbers, 'nothing was taken; send it again');
}
