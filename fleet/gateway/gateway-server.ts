/** What operators ask of a server; HAProxy's words. */
export type AdminState = 'ready' | 'drain' | 'maint';

/** Whether a server is health checked: never, not now, or now. */
type CheckMode = 'none' | 'off' | 'on';

/** Outcome of the last health check, with HAProxy's codes for it. */
export type CheckOutcome = 'INI' | 'L4CON' | 'L4TOUT' | 'L7TOUT' | 'L7OK' | 'L7STS';

/** Counters of one server since the gateway's start. */
export interface ServerCounters {
  sessions: number;
  /** Answers by class, 1xx at index 1 to 5xx at index 5. */
  readonly responses: number[];
  connectErrors: number;
  retries: number;
  failedChecks: number;
  downs: number;
  downtimeMs: number;
  clientAborts: number;
  serverAborts: number;
  bytesIn: number;
  bytesOut: number;
  mostSessions: number;
  /** Averages over about the last 1,024 answers, milliseconds. */
  averageQueueMs: number;
  averageResponseMs: number;
}

/** One server of the backend, as the gateway sees it. */
export interface GatewayServer {
  readonly id: number;
  readonly name: string;
  address: string;
  port: number;
  /** 0 to 256. */
  weight: number;
  readonly initialWeight: number;
  admin: AdminState;
  isUp: boolean;
  checks: CheckMode;
  /** Largest number of requests at once; 0 means no limit. */
  maxConnections: number;
  /** Checks passed in a row, up to rise + fall - 1, as HAProxy counts. */
  checkHealth: number;
  checkOutcome: CheckOutcome;
  /** HTTP status of the last check; 0 when there was no answer. */
  checkStatus: number;
  changedAtMs: number;
  /** Requests that it works on. */
  sessions: number;
  /** Running account of the smooth weighted round robin. */
  account: number;
  readonly counters: ServerCounters;
  /** Ends a request in flight; one entry each. */
  readonly cuts: Set<() => void>;
}

/** Passed checks until a server is up, and failed ones until it is down. */
export const checkRise = 2;
/** See `checkRise`. */
export const checkFall = 2;
/** `checkHealth` of a server that passes all checks. */
export const fullHealth = checkRise + checkFall - 1;

/** HAProxy's default when a configuration names no weight would be 1; the fleet's is 100. */
export const defaultWeight = 100;

/**
 * Requests at once per engine: its batch of 8 and a queue half as long. What exceeds it waits
 * in the gateway for whichever engine is free first, so that one slow engine holds up a bounded
 * number of requests.
 */
export const defaultMaxConnections = 12;

/** What the state file and the canonical state hold of a server: all that commands set. */
export interface ServerSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly initialWeight: number;
  readonly admin: AdminState;
  readonly checks: CheckMode;
  readonly maxConnections: number;
}

/** The settings of a server, keys always in the same order. */
export function settingsOf(server: GatewayServer): ServerSettings {
  const { name, address, port, weight, initialWeight, admin, checks, maxConnections } = server;
  return { name, address, port, weight, initialWeight, admin, checks, maxConnections };
}

/** A server with fresh counters. It is up unless in maintenance, as after `ready`. */
export function newServer(id: number, settings: ServerSettings, nowMs: number): GatewayServer {
  const isUp = settings.admin !== 'maint';
  return {
    id,
    ...settings,
    isUp,
    checkHealth: isUp ? checkRise : 0,
    checkOutcome: 'INI',
    checkStatus: 0,
    changedAtMs: nowMs,
    sessions: 0,
    account: 0,
    counters: {
      sessions: 0,
      responses: [0, 0, 0, 0, 0, 0],
      connectErrors: 0,
      retries: 0,
      failedChecks: 0,
      downs: 0,
      downtimeMs: 0,
      clientAborts: 0,
      serverAborts: 0,
      bytesIn: 0,
      bytesOut: 0,
      mostSessions: 0,
      averageQueueMs: 0,
      averageResponseMs: 0,
    },
    cuts: new Set(),
  };
}

/** Changes the operational state and accounts for the time spent down. */
export function setUp(server: GatewayServer, isUp: boolean, nowMs: number): void {
  if (server.isUp === isUp) return;
  if (isUp) server.counters.downtimeMs += nowMs - server.changedAtMs;
  else server.counters.downs += 1;
  server.isUp = isUp;
  server.changedAtMs = nowMs;
}

/** Applies an operator's state: `maint` is down at once, and `ready` after it up at once. */
export function setAdmin(server: GatewayServer, admin: AdminState, nowMs: number): void {
  if (server.admin === admin) return;
  const wasMaint = server.admin === 'maint';
  server.admin = admin;
  if (admin === 'maint') {
    setUp(server, false, nowMs);
    server.checkHealth = 0;
  } else if (wasMaint) {
    setUp(server, true, nowMs);
    server.checkHealth = checkRise;
  }
  server.changedAtMs = nowMs;
}
