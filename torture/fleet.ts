import type { Balance } from '../src/drill/balance.js';
import { restartByHand } from '../src/drill/fleet-faults.js';
import type { Stack } from '../test/e2e/stack.js';
import type { GatewayEntry, SupervisorEntry } from './evidence.js';

/** State of one server as the gateway logs it. */
interface Server {
  readonly name: string;
  readonly weight: number;
  readonly admin: string;
}
interface LoggedCommand {
  readonly seq: number;
  readonly atMs: number;
  readonly command: string;
  readonly changed: boolean;
  readonly before: unknown;
  readonly after: unknown;
}

/** The fleet from outside: its faults, its state, its logs. Nothing here goes through paramedic. */
export class FleetView {
  constructor(private readonly stack: Stack) {}

  async inject(fault: string, engine: number | undefined, forMs: number): Promise<void> {
    const replica = engine === undefined ? {} : { replica: `engine-${engine}` };
    await this.#ask('supervisor', '/v1/faults', 'POST', { fault, forMs, ...replica });
  }

  async clearFaults(): Promise<void> {
    await this.#ask('supervisor', '/v1/faults', 'DELETE');
  }

  /** As a person does, by hand and not through paramedic. */
  async restart(replica: string): Promise<void> {
    await restartByHand(
      (method, resource, body) => this.#ask('supervisor', resource, method, body),
      replica,
    );
  }

  /** What the balancer does, what runs, and which release; to be compared before and after. */
  async state(): Promise<{ balancer: Balance; replicas: number; release: string }> {
    const balancer = (await this.#ask('gateway', '/-/state')) as Balance;
    const { replicas } = (await this.#ask('supervisor', '/v1/replicas')) as { replicas: unknown[] };
    const { active } = (await this.#ask('supervisor', '/v1/releases')) as { active: string };
    return { balancer, replicas: replicas.length, release: active };
  }

  async gatewayLog(): Promise<GatewayEntry[]> {
    const { entries } = (await this.#ask('gateway', '/-/admin/log')) as {
      entries: LoggedCommand[];
    };
    return withServersInService(entries);
  }

  async supervisorLog(): Promise<SupervisorEntry[]> {
    return ((await this.#ask('supervisor', '/v1/log')) as { entries: SupervisorEntry[] }).entries;
  }

  async #ask(
    whom: 'gateway' | 'supervisor',
    resource: string,
    method = 'GET',
    body?: unknown,
  ): Promise<unknown> {
    const reply = await fetch(`http://127.0.0.1:${this.stack.ports[whom]}${resource}`, {
      method,
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${resource} answered ${reply.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

/** Follows weights, states and circuits through the log. */
function withServersInService(entries: readonly LoggedCommand[]): GatewayEntry[] {
  const servers = new Map<string, Server>();
  const circuits = new Map<string, string>();
  const isServer = (value: unknown): value is Server =>
    typeof value === 'object' && value !== null && 'weight' in value && 'admin' in value;
  // All servers are there from the start on; each is known from its first entry's state before.
  for (const { before } of entries) {
    if (isServer(before) && !servers.has(before.name)) servers.set(before.name, before);
  }
  return entries.map(({ seq, atMs, command, changed, before, after }) => {
    if (isServer(after)) servers.set(after.name, after);
    else if (isServer(before)) servers.delete(before.name);
    const circuit = /^(?:add|set|del) map \S*circuit\S* (?<key>\S+)(?: (?<value>\S+))?/.exec(
      command,
    );
    const key = circuit?.groups?.['key'];
    if (key !== undefined) {
      const value = circuit?.groups?.['value'];
      if (value === undefined) circuits.delete(key);
      else circuits.set(key, value);
    }
    const isIn = ({ name, weight, admin }: Server) =>
      admin === 'ready' && weight > 0 && circuits.get(`engines/${name}`) !== 'open';
    return { seq, atMs, command, changed, inService: countInService(servers, isIn) };
  });
}

/** Servers that no command ever named are in service as well: three are there from the start. */
const AT_THE_START = 3;

function countInService(
  servers: ReadonlyMap<string, Server>,
  isIn: (s: Server) => boolean,
): number {
  const out = [...servers.values()].filter((server) => !isIn(server)).length;
  const known = Math.max(AT_THE_START, servers.size);
  return known - out;
}
