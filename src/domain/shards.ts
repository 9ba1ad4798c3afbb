/** Which of several detectors watch what. Shards are numbered from 1. */
export interface ShardPlan {
  /** How many detectors there are. */
  readonly shards: number;
  /** By how many of them each service is watched. */
  readonly copies: number;
}

/** One detector of several: number 2 of 4. */
export interface ShardPlace {
  readonly number: number;
  readonly of: number;
}

/**
 * The shards that watch a service, the first one first: its first shard also does what only one may
 * (count for its breakers, page while Temporal is away) as long as it is alive.
 *
 * A service is never split, since its own SLIs need all of its replicas. Chosen by rendezvous hashing
 * (Thaler & Ravishankar, 1998): each pair of a service and a shard has a score, and the highest win, so
 * that one more shard takes its part of the services over and moves no other.
 */
export function shardsOf(service: string, { shards, copies }: ShardPlan): readonly number[] {
  const seed = hashOf(service);
  return Array.from({ length: shards }, (_, i) => i + 1)
    .map((number) => ({ number, score: scoreOf(seed, number) }))
    .sort((a, b) => b.score - a.score || a.number - b.number)
    .slice(0, copies)
    .map(({ number }) => number);
}

/** `2/4`, as a person writes it; undefined for what is no place. */
export function readShardPlace(text: string): ShardPlace | undefined {
  const [, number = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const place = { number: Number(number), of: Number(of) };
  return place.number >= 1 && place.number <= place.of ? place : undefined;
}

/** FNV-1a (Fowler, Noll & Vo) over the UTF-16 code units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** MurmurHash3's finalizer: services with similar names, and neighbouring shards, get unlike scores. */
function scoreOf(seed: number, shard: number): number {
  // The golden ratio's bits tell the shards apart before they are mixed.
  let h = seed ^ Math.imul(shard, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
