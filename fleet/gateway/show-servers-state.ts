import { backendId, backendName } from './backend.js';
import type { CheckOutcome, GatewayServer } from './gateway-server.js';

/** HAProxy's numbers for outcomes: check-t.h of 2.6. */
const outcomeNumbers: Readonly<Record<CheckOutcome, number>> = {
  INI: 1,
  L4TOUT: 7,
  L4CON: 8,
  L7TOUT: 12,
  L7OK: 15,
  L7STS: 17,
};

const header =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight ' +
  'srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health ' +
  'srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord ' +
  'srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

const adminNumbers = { ready: 0, maint: 1, drain: 8 } as const;

function checkResult(outcome: CheckOutcome): number {
  if (outcome === 'INI') return 0;
  return outcome === 'L7OK' ? 3 : 2;
}

/** Flags: 2 configured, 4 enabled, 8 paused by maintenance. */
function checkState(server: GatewayServer): number {
  if (server.checks === 'none') return 0;
  const enabled = server.checks === 'on' ? 4 : 0;
  return 2 + enabled + (enabled > 0 && server.admin === 'maint' ? 8 : 0);
}

function line(server: GatewayServer, nowMs: number): string {
  return [
    backendId,
    backendName,
    server.id,
    server.name,
    server.address,
    server.isUp ? 2 : 0,
    adminNumbers[server.admin],
    server.weight,
    server.initialWeight,
    Math.floor((nowMs - server.changedAtMs) / 1000),
    outcomeNumbers[server.checkOutcome],
    checkResult(server.checkOutcome),
    server.checkHealth,
    checkState(server),
    '0 0 0 -',
    server.port,
    '- 0 0 - - 0',
  ].join(' ');
}

/** The answer to `show servers state`, version 1 of HAProxy's format. */
export function showServersState(servers: readonly GatewayServer[], nowMs: number): string {
  return ['1', header, ...servers.map((server) => line(server, nowMs)), ''].join('\n');
}
