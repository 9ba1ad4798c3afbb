import type { CallEdge } from './rank-input.js';

/** Who calls whom; tolerates unknown services, cycles and edges given twice. */
export class CallGraph {
  readonly #callees = new Map<string, Set<string>>();
  readonly #callers = new Map<string, Set<string>>();

  constructor(edges: readonly CallEdge[]) {
    for (const { from, to } of edges) {
      if (from === to) continue;
      (this.#callees.get(from) ?? setIn(this.#callees, from)).add(to);
      (this.#callers.get(to) ?? setIn(this.#callers, to)).add(from);
    }
  }

  get isEmpty(): boolean {
    return this.#callees.size === 0;
  }

  calleesOf(service: string): ReadonlySet<string> {
    return this.#callees.get(service) ?? EMPTY;
  }

  callersOf(service: string): ReadonlySet<string> {
    return this.#callers.get(service) ?? EMPTY;
  }

  /** `service` and everything it calls, directly or not. */
  reachableFrom(service: string): ReadonlySet<string> {
    const reached = new Set([service]);
    // A set takes additions while it is walked, so this is the whole closure.
    for (const one of reached) for (const callee of this.calleesOf(one)) reached.add(callee);
    return reached;
  }
}

const EMPTY: ReadonlySet<string> = new Set();

function setIn(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = new Set<string>();
  map.set(key, set);
  return set;
}
