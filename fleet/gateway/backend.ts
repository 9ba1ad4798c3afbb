import {
  newServer,
  settingsOf,
  type GatewayServer,
  type ServerSettings,
} from './gateway-server.js';
import { RuntimeMaps, type MapName } from './runtime-maps.js';
import { pickSmoothly } from './smooth-round-robin.js';

/** The one backend's name, and its id in `show stat`. */
export const backendName = 'engines';
/** See `backendName`. */
export const backendId = 4;

/** All that commands can change, in canonical order: equal states are equal JSON. */
export interface BackendState {
  readonly servers: readonly ServerSettings[];
  readonly maps: Readonly<Record<MapName, readonly (readonly [string, string])[]>>;
}

/** Where a request may go. */
export type Selection =
  | { readonly kind: 'server'; readonly server: GatewayServer }
  /** Usable servers exist, all at their limit: wait. */
  | { readonly kind: 'full' }
  /** No usable server. */
  | { readonly kind: 'none' };

/** Whether a request is let in at all. */
export type Admission = 'admitted' | 'circuit-open' | 'rejected';

/** The share, 0 to 1, that a circuit's map value lets through; unknown values let all through. */
function circuitShare(value: string | undefined): number {
  if (value === 'open') return 0;
  const percent = /^half-open:(\d+(?:\.\d+)?)$/.exec(value ?? '')?.[1];
  return percent === undefined ? 1 : Math.min(100, Number(percent)) / 100;
}

/** The backend: its servers, its maps, and the choice between servers. */
export class Backend {
  readonly maps = new RuntimeMaps();
  private readonly list: GatewayServer[] = [];
  private lastId = 0;
  private halfOpenCredit = 0;

  /** Servers in the order of their addition. */
  servers(): readonly GatewayServer[] {
    return this.list;
  }

  /** A server by name. */
  find(name: string): GatewayServer | undefined {
    return this.list.find((server) => server.name === name);
  }

  /** Adds a server; the caller has checked that its name is free. */
  add(settings: ServerSettings, nowMs: number): GatewayServer {
    this.lastId += 1;
    const server = newServer(this.lastId, settings, nowMs);
    this.list.push(server);
    return server;
  }

  /** Removes a server. */
  remove(server: GatewayServer): void {
    this.list.splice(this.list.indexOf(server), 1);
  }

  /** Applies the backend's circuit and the tenant's rejection; call once per request. */
  admit(tenant: string): Admission {
    if (this.maps.value('routing', tenant) === 'reject') return 'rejected';
    const share = circuitShare(this.maps.value('circuit', backendName));
    if (share >= 1) return 'admitted';
    // In whole hundredths of a percent: a tenth added ten times is not quite one.
    this.halfOpenCredit += Math.round(share * 10_000);
    if (this.halfOpenCredit < 10_000) return 'circuit-open';
    this.halfOpenCredit -= 10_000;
    return 'admitted';
  }

  /** Weight with the server's circuit applied; 0 when it takes no new requests. */
  effectiveWeight(server: GatewayServer): number {
    if (!server.isUp || server.admin !== 'ready') return 0;
    const circuit = this.maps.value('circuit', `${backendName}/${server.name}`);
    return server.weight * circuitShare(circuit);
  }

  /** Chooses a server for a tenant's request, none of `tried`. */
  select(tenant: string, tried: ReadonlySet<GatewayServer>): Selection {
    const usable = this.allowed(tenant).filter(
      (server) => !tried.has(server) && this.effectiveWeight(server) > 0,
    );
    if (usable.length === 0) return { kind: 'none' };
    const free = usable.filter(
      (server) => server.maxConnections === 0 || server.sessions < server.maxConnections,
    );
    const server = pickSmoothly(free, (candidate) => this.effectiveWeight(candidate));
    return server === undefined ? { kind: 'full' } : { kind: 'server', server };
  }

  /** The canonical state. Operational states are observations and no part of it. */
  state(): BackendState {
    const servers = this.list
      .map(settingsOf)
      .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
    return { servers, maps: this.maps.snapshot() };
  }

  private allowed(tenant: string): readonly GatewayServer[] {
    const route = this.maps.value('routing', tenant);
    if (route !== undefined) {
      return route.startsWith('pool:')
        ? this.list.filter((server) => this.poolOf(server) === route.slice('pool:'.length))
        : this.list.filter((server) => server.name === route);
    }
    // A server that some tenant is routed to is that tenant's own, unless nothing else is left.
    const common = this.list.filter((server) => !this.isDedicated(server));
    return common.some((server) => this.effectiveWeight(server) > 0) ? common : this.list;
  }

  private poolOf(server: GatewayServer): string | undefined {
    return this.maps.value('pools', server.name);
  }

  private isDedicated(server: GatewayServer): boolean {
    const pool = this.poolOf(server);
    return this.maps
      .entries('routing')
      .some(({ value }) => value === server.name || value === `pool:${pool ?? ''}`);
  }
}
