import { AdapterError, type LoadBalancerServer, type ServerCounts } from '../../domain/ports.js';
import { readLines, type RuntimeEndpoint } from './haproxy-protocol.js';

/** A server as the runtime API shows it. */
export interface HaproxyServer extends LoadBalancerServer {
  /**
   * Whether it has checks that were never enabled, which only a dynamic server has whose adding
   * was interrupted between `add server` and `enable health`.
   */
  readonly isHalfAdded: boolean;
}

/** Format version of `show servers state` that all versions since 1.6 write. */
const STATE_VERSION = '1';

/** Columns of `show servers state`, counted from 0 (management guide, 9.3). */
const COLUMN = {
  backend: 1,
  name: 3,
  ip: 4,
  opState: 5,
  admin: 6,
  weight: 7,
  initialWeight: 8,
  checkState: 13,
  port: 18,
} as const;

// Bits of srv_admin_state: forced, inherited and resolver maintenance; forced and inherited drain.
// 0x04 (disabled in the config) stays set after the server was enabled and so says nothing.
const MAINT_BITS = 0x01 | 0x02 | 0x20;
const DRAIN_BITS = 0x08 | 0x10;

// Bits of srv_check_state.
const CHECK_CONFIGURED = 0x02;
const CHECK_ENABLED = 0x04;

function adminOf(bits: number): LoadBalancerServer['admin'] {
  if ((bits & MAINT_BITS) !== 0) return 'maint';
  return (bits & DRAIN_BITS) !== 0 ? 'drain' : 'ready';
}

function parseRow(line: string, active: ReadonlyMap<string, number>): HaproxyServer | undefined {
  const fields = line.split(' ');
  const number = (column: number): number => Number(fields[column] ?? Number.NaN);
  const name = fields[COLUMN.name];
  const ip = fields[COLUMN.ip];
  const state = number(COLUMN.opState);
  const admin = number(COLUMN.admin);
  const weight = number(COLUMN.weight);
  const initialWeight = number(COLUMN.initialWeight);
  const check = number(COLUMN.checkState);
  const port = number(COLUMN.port);
  const isWhole = [state, admin, weight, initialWeight, check, port].every(Number.isInteger);
  if (name === undefined || ip === undefined || !isWhole) return undefined;
  return {
    name,
    address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    weight,
    initialWeight,
    admin: adminOf(admin),
    isUp: state !== 0,
    activeRequests: active.get(name),
    isHalfAdded: (check & (CHECK_CONFIGURED | CHECK_ENABLED)) === CHECK_CONFIGURED,
  };
}

/** The rows of `show stat` for a backend's servers, each by column. @throws AdapterError `rejected` where there is none. */
async function readStat(
  endpoint: RuntimeEndpoint,
  backend: string,
): Promise<readonly ReadonlyMap<string, string>[]> {
  // 4: servers only; -1: all of them.
  const isRow = (line: string): boolean =>
    line.startsWith('# pxname,') || line.startsWith(`${backend},`);
  const lines = await readLines(endpoint, `show stat ${backend} 4 -1`, isRow);
  const columns = (lines[0] ?? '').replace(/^# /, '').split(',');
  return lines.slice(1).map((line) => {
    const fields = line.split(',');
    return new Map(columns.map((column, index) => [column, fields[index] ?? '']));
  });
}

/** Current sessions per server. A balancer that has no `show stat` refuses it: nothing is known. */
async function readActive(
  endpoint: RuntimeEndpoint,
  backend: string,
): Promise<ReadonlyMap<string, number>> {
  const active = new Map<string, number>();
  try {
    for (const row of await readStat(endpoint, backend)) {
      const name = row.get('svname');
      const sessions = row.get('scur') ?? '';
      if (name !== undefined && /^\d+$/.test(sessions)) active.set(name, Number(sessions));
    }
  } catch (error) {
    if (!(error instanceof AdapterError && error.reason === 'rejected')) throw error;
  }
  return active;
}

/**
 * What became of each server's requests. `hrsp_5xx` of a server are answers that it gave itself; those
 * that HAProxy gave in its stead (502, 504) are `eresp`, and what never connected is `econ`.
 */
export async function readCounts(
  endpoint: RuntimeEndpoint,
  backend: string,
): Promise<readonly ServerCounts[]> {
  return (await readStat(endpoint, backend)).map((row) => {
    const sum = (...columns: readonly string[]): number =>
      columns.reduce((total, column) => total + (Number(row.get(column)) || 0), 0);
    return {
      name: row.get('svname') ?? '',
      succeeded: sum('hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx'),
      failed: sum('hrsp_5xx', 'econ', 'eresp'),
    };
  });
}

/**
 * The servers of a backend, in HAProxy's order.
 *
 * @throws AdapterError `not-found` for an unknown backend; `rejected` with the line for a reply
 * that is not a server state, since acting on a misread state is worse than not acting.
 */
export async function readServers(
  endpoint: RuntimeEndpoint,
  backend: string,
): Promise<readonly HaproxyServer[]> {
  const isRow = (line: string): boolean =>
    line === STATE_VERSION || line.startsWith('# be_id ') || /^\d+ \S+ \d+ \S+ /.test(line);
  const [lines, active] = await Promise.all([
    readLines(endpoint, `show servers state ${backend}`, isRow),
    readActive(endpoint, backend),
  ]);
  if (lines[0] !== STATE_VERSION) {
    throw new AdapterError(
      'rejected',
      `haproxy at ${endpoint.address}: server state of version ${STATE_VERSION} expected, ` +
        `got "${(lines[0] ?? '').slice(0, 80)}"`,
    );
  }
  return lines
    .slice(1)
    .filter((line) => !line.startsWith('#') && line.split(' ')[COLUMN.backend] === backend)
    .map((line) => {
      const server = parseRow(line, active);
      if (server !== undefined) return server;
      throw new AdapterError(
        'rejected',
        `haproxy at ${endpoint.address}: not a line of server state: "${line.slice(0, 120)}"`,
      );
    });
}
