import type { Breaker } from '../domain/recovery/breaker.js';
import { BREAKER_KINDS } from '../domain/recovery/breaker-kinds.js';
import type { BreakerView } from './breaker-messages.js';

const iso = (atMs: number) => new Date(atMs).toISOString();

function line(breaker: Breaker): string {
  if (breaker.epoch === 0) return 'closed';
  const why = breaker.reason === '' ? '' : `: ${breaker.reason}`;
  const trials = breaker.failedTrials === 0 ? '' : `; ${breaker.failedTrials} trials failed`;
  const since = `since ${iso(breaker.sinceMs)} by ${breaker.by}${why}`;
  switch (breaker.status) {
    case 'closed':
      return `closed ${since}`;
    case 'open':
      return `**open** ${since}; a trial comes at ${iso(breaker.untilMs)}${trials}`;
    case 'half-open':
      return `**half-open** ${since}; ${breaker.successes} successes so far${trials}`;
    case 'isolated':
      return `**isolated** ${since}; until it is closed by hand`;
  }
}

/** The state in Markdown, as Temporal's UI shows it. */
export function describeBreakers({ service, replica, breakers, hold, note }: BreakerView): string {
  const held = [
    ...(hold.isDrained ? ['drained by this breaker'] : []),
    ...(hold.weight === null ? [] : [`weight ${hold.weight.set} (was ${hold.weight.before})`]),
  ];
  return [
    `### ${[service, replica].filter((part) => part !== undefined).join('/')}`,
    ...BREAKER_KINDS.map((kind) => `- ${kind}: ${line(breakers[kind])}`),
    ...(held.length === 0 ? [] : [`- at the load balancer: ${held.join(', ')}`]),
    ...(note === '' ? [] : [`- ${note}`]),
  ].join('\n');
}
