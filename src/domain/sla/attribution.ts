import type { Standing } from './member.js';

/** A replica as the attribution sees it. */
export interface ReplicaStanding {
  readonly replica: string;
  readonly standing: Standing;
  /** A violation of this replica is open and was bad less than a window ago. */
  readonly isBlamed: boolean;
}

/** Whose violation it is. `replicas` may be empty: nobody's. */
export type Attribution =
  | { readonly scope: 'service' }
  | { readonly scope: 'replicas'; readonly replicas: readonly string[] };

const NOBODY: Attribution = { scope: 'replicas', replicas: [] };

/**
 * True when most replicas (more than half of those that can be judged) are bad, leaning ones
 * included. One of two is not most.
 */
export function areMostBad(replicas: readonly { readonly standing: Standing }[]): boolean {
  let bad = 0;
  for (const { standing } of replicas) if (standing !== 'fine') bad += 1;
  return bad > 0 && 2 * bad > replicas.length;
}

/**
 * Decides whose violation it is when no violation of the service is open.
 *
 * `service` is the standing of the service's own series (undefined: it has none), `replicas` are
 * those with fresh samples. Something must be due, i.e. sustained; whose it is depends on all who
 * are at least leaning: replicas that go bad together reach the criteria a scrape or two apart, and
 * the first of them must not become an incident of its own. So nothing has to wait.
 *
 * - Most replicas bad: the service's. A fleet of one replica is all of it.
 * - Some bad among good peers: theirs; a breach of the service's own series is put down to them.
 * - None bad, but the service's series is: the service's (its gateway, for instance), unless a
 *   replica's violation has just ended or gone silent, whose echo it then is.
 */
export function attribute(
  service: Standing | undefined,
  replicas: readonly ReplicaStanding[],
): Attribution {
  const isServiceDue = service === 'sustained';
  const sustained = replicas.filter(({ standing }) => standing === 'sustained');
  if (!isServiceDue && sustained.length === 0) return NOBODY;
  if (areMostBad(replicas)) return { scope: 'service' };
  if (!isServiceDue) return { scope: 'replicas', replicas: sustained.map((r) => r.replica) };
  const suspects = replicas.filter(({ standing }) => standing !== 'fine');
  if (suspects.length > 0) {
    return { scope: 'replicas', replicas: suspects.map(({ replica }) => replica) };
  }
  return replicas.some(({ isBlamed }) => isBlamed) ? NOBODY : { scope: 'service' };
}
