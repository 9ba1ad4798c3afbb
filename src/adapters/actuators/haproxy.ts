import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AdapterError, type LoadBalancer, type ServerCounts } from '../../domain/ports.js';
import type { Actuator } from './actuator.js';
import { readMap, writeMapEntry } from './haproxy-map.js';
import { runCommand, runtimeEndpoint, type RuntimeEndpoint } from './haproxy-protocol.js';
import { readCounts, readServers, type HaproxyServer } from './haproxy-servers.js';
import { token } from './haproxy-token.js';
import { duration } from './settings.js';

const schema = z.strictObject({
  /** Unix socket (`/run/haproxy/admin.sock`) or `host:port` of a `stats socket … level admin`. */
  address: z
    .string()
    .regex(/^(\/.+|[^/\s]+:\d{1,5})$/, 'expected "/path/to/admin.sock" or "host:port"'),
  /** The longest that one command may take. */
  timeout: duration.default(2_000),
  /** For how long a refused connection is tried again: a reload takes less than a second. */
  reloadGrace: duration.default(1_500),
  /** Map file of each map that actions name, as HAProxy's config writes it. */
  maps: z.record(z.string().min(1), z.string().min(1)).default({}),
  /** What follows the address in `add server`; the health check a dynamic server gets. */
  serverOptions: z.string().default('check inter 1s fastinter 300ms rise 2 fall 2'),
  /** How long a removal waits for requests that the server still serves. */
  removeTimeout: duration.default(10_000),
});
type Settings = z.output<typeof schema>;

/** HAProxy's own limit: `Absolute weight can only be between 0 and 256 inclusive.` */
const MAX_WEIGHT = 256;
/** How often a removal is tried again while the server still has connections. */
const REMOVE_RETRY_MS = 200;

function checkWeight(server: string, weight: number): void {
  if (Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT) return;
  throw new AdapterError(
    'rejected',
    `server "${server}": weight ${weight} is not a whole number in 0..${MAX_WEIGHT}`,
  );
}

/** The load balancer of one HAProxy process, over its runtime API. */
class HaproxyLoadBalancer implements LoadBalancer {
  readonly #endpoint: RuntimeEndpoint;

  constructor(readonly settings: Settings) {
    const { address, timeout, reloadGrace } = settings;
    this.#endpoint = runtimeEndpoint({
      address,
      timeoutMs: timeout,
      reloadGraceMs: reloadGrace,
    });
  }

  async servers(backend: string): Promise<readonly HaproxyServer[]> {
    return readServers(this.#endpoint, token('backend', backend));
  }

  async counts(backend: string): Promise<readonly ServerCounts[]> {
    return readCounts(this.#endpoint, token('backend', backend));
  }

  async setWeight(backend: string, server: string, weight: number): Promise<void> {
    checkWeight(server, weight);
    const isSo = (now: HaproxyServer): boolean => now.weight === weight;
    await this.#change(backend, server, `weight ${weight}`, isSo);
  }

  async setAdmin(backend: string, server: string, admin: HaproxyServer['admin']): Promise<void> {
    const isSo = (now: HaproxyServer): boolean => now.admin === admin;
    await this.#change(backend, server, `state ${admin}`, isSo);
  }

  async addServer(
    backend: string,
    server: { name: string; address: string; weight: number },
  ): Promise<void> {
    const { name, address, weight } = server;
    checkWeight(name, weight);
    const target = `${token('backend', backend)}/${token('server', name)}`;
    const present = await this.#find(backend, name);
    if (present === undefined) {
      const options = this.settings.serverOptions;
      await runCommand(
        this.#endpoint,
        `add server ${target} ${token('address', address)} ${options} weight ${weight}`.trim(),
        'New server registered.',
      );
    } else if (present.address !== address) {
      throw new AdapterError(
        'rejected',
        `server "${name}" of backend "${backend}" is at ${present.address}, not ${address}; ` +
          `remove it first`,
      );
    } else if (!present.isHalfAdded) {
      return;
    }
    // A new server is in maintenance and its checks are off. In this order an interruption
    // between the two still shows (checks configured, not enabled) and the next call completes it.
    await runCommand(this.#endpoint, `enable server ${target}`);
    await runCommand(this.#endpoint, `enable health ${target}`);
  }

  async removeServer(backend: string, server: string): Promise<void> {
    if ((await this.#find(backend, server)) === undefined) return;
    await this.setAdmin(backend, server, 'maint');
    const giveUpAtMs = Date.now() + this.settings.removeTimeout;
    for (;;) {
      try {
        await runCommand(this.#endpoint, `del server ${backend}/${server}`, 'Server deleted.');
        return;
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
        if (error.reason === 'not-found') return;
        // "Server still has connections attached to it, cannot remove it." It is out of service
        // already, so waiting longer (a retry) is all that is left to do.
        if (!error.message.includes('still has connections')) throw error;
        if (Date.now() + REMOVE_RETRY_MS > giveUpAtMs) {
          throw new AdapterError('timeout', error.message, { cause: error });
        }
      }
      await sleep(REMOVE_RETRY_MS);
    }
  }

  async mapEntries(map: string): Promise<ReadonlyMap<string, string>> {
    return (await readMap(this.#endpoint, this.#mapFile(map))).entries;
  }

  async setMapEntry(map: string, key: string, value: string | undefined): Promise<void> {
    await writeMapEntry(this.#endpoint, this.#mapFile(map), key, value);
  }

  /** What is wrong with the socket or the maps, in words; empty when all is well. */
  async check(): Promise<readonly string[]> {
    const problems: string[] = [];
    const attempt = async (call: () => Promise<unknown>): Promise<void> => {
      try {
        await call();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    };
    await Promise.all(
      Object.keys(this.settings.maps).map((map) => attempt(() => this.mapEntries(map))),
    );
    // The balancer answers this without a backend's name; only `level admin` sees all of it.
    if (problems.length === 0) await attempt(() => this.#checkLevel());
    return problems;
  }

  async #checkLevel(): Promise<void> {
    try {
      // No server has an empty name, so this changes nothing; below level admin it is refused.
      await runCommand(this.#endpoint, 'set server paramedic-probe/none weight 1');
    } catch (error) {
      if (error instanceof AdapterError && error.reason === 'not-found') return;
      throw error;
    }
  }

  async #find(backend: string, server: string): Promise<HaproxyServer | undefined> {
    token('server', server);
    return (await this.servers(backend)).find(({ name }) => name === server);
  }

  /** Reads, sends only what is not so already, and reads again: a reload may have lost it. */
  async #change(
    backend: string,
    server: string,
    setting: string,
    isSo: (now: HaproxyServer) => boolean,
  ): Promise<void> {
    const where = `server "${server}" of backend "${backend}"`;
    const before = await this.#find(backend, server);
    if (before === undefined) throw new AdapterError('not-found', `${where} does not exist`);
    if (isSo(before)) return;
    await runCommand(this.#endpoint, `set server ${backend}/${server} ${setting}`);
    const after = await this.#find(backend, server);
    if (after !== undefined && isSo(after)) return;
    // Retryable: after a reload the next attempt reads the new process's state and sends it again.
    throw new AdapterError(
      'unreachable',
      `${where}: "${setting}" was accepted and is not so afterwards; ` +
        `a reload or another client may have overtaken it`,
    );
  }

  #mapFile(map: string): string {
    const file = this.settings.maps[map];
    if (file !== undefined) return file;
    throw new AdapterError(
      'not-found',
      `map "${map}" is not configured; add its file to the actuator's "maps"`,
    );
  }
}

/** HAProxy (2.4 and later) through its runtime API: weights, drain, maintenance, servers, maps. */
export const haproxy = {
  kind: 'haproxy',
  schema,
  create(settings: Settings) {
    const loadBalancer = new HaproxyLoadBalancer(settings);
    return {
      loadBalancer,
      check: () => loadBalancer.check(),
      // One connection per command: nothing is held open.
      close: () => Promise.resolve(),
    };
  },
} satisfies Actuator<typeof schema>;
