import { backendId, backendName, type Backend } from './backend.js';
import { checkFall, checkRise, type GatewayServer } from './gateway-server.js';

/** The columns of HAProxy 2.6's CSV, in its order. */
const columns = (
  'pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,' +
  'status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,' +
  'tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,' +
  'hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,' +
  'comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,' +
  'agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,' +
  'check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,' +
  'conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,' +
  'qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,' +
  'need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ssl_sess,' +
  'ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,' +
  'h2_rst_stream_rcvd,h2_goaway_rcvd,h2_detected_conn_protocol_errors,' +
  'h2_detected_strm_protocol_errors,h2_rst_stream_resp,h2_goaway_resp,h2_open_connections,' +
  'h2_backend_open_streams,h2_total_connections,h2_backend_total_streams,h1_open_connections,' +
  'h1_open_streams,h1_total_connections,h1_total_streams,h1_bytes_in,h1_bytes_out,' +
  'h1_spliced_bytes_in,h1_spliced_bytes_out'
).split(',');

type Row = Readonly<Record<string, string | number>>;

const csvLine = (row: Row): string => columns.map((column) => `${row[column] ?? ''},`).join('');

/** A server's state in the words of HAProxy's statistics. */
function statusWord(server: GatewayServer): string {
  if (server.admin === 'maint') return 'MAINT';
  if (server.checks === 'none') return 'no check';
  if (!server.isUp) {
    return server.checkHealth === 0 ? 'DOWN' : `DOWN ${server.checkHealth}/${checkRise}`;
  }
  if (server.admin === 'drain') return 'DRAIN';
  const passed = server.checkHealth - checkRise + 1;
  return passed >= checkFall ? 'UP' : `UP ${passed}/${checkFall}`;
}

function serverRow(server: GatewayServer, weight: number, nowMs: number): Row {
  const { counters } = server;
  const [, one = 0, two = 0, three = 0, four = 0, five = 0] = counters.responses;
  return {
    pxname: backendName,
    svname: server.name,
    qcur: 0,
    qmax: 0,
    scur: server.sessions,
    smax: counters.mostSessions,
    slim: server.maxConnections === 0 ? '' : server.maxConnections,
    stot: counters.sessions,
    bin: counters.bytesIn,
    bout: counters.bytesOut,
    dresp: 0,
    econ: counters.connectErrors,
    eresp: counters.serverAborts,
    wretr: counters.retries,
    wredis: counters.retries,
    status: statusWord(server),
    weight: Math.round(weight),
    act: 1,
    bck: 0,
    chkfail: counters.failedChecks,
    chkdown: counters.downs,
    lastchg: Math.floor((nowMs - server.changedAtMs) / 1000),
    downtime: Math.floor(counters.downtimeMs / 1000),
    pid: 1,
    iid: backendId,
    sid: server.id,
    lbtot: counters.sessions,
    type: 2,
    check_status: server.checks === 'none' ? '' : server.checkOutcome,
    check_code: server.checkStatus === 0 ? '' : server.checkStatus,
    hrsp_1xx: one,
    hrsp_2xx: two,
    hrsp_3xx: three,
    hrsp_4xx: four,
    // What the gateway answered in the server's stead (502, 504) is `eresp`, not the server's own 5xx.
    hrsp_5xx: five - counters.serverAborts,
    hrsp_other: 0,
    req_tot: counters.sessions,
    cli_abrt: counters.clientAborts,
    srv_abrt: counters.serverAborts,
    qtime: Math.round(counters.averageQueueMs),
    ctime: 0,
    rtime: Math.round(counters.averageResponseMs),
    ttime: Math.round(counters.averageQueueMs + counters.averageResponseMs),
    check_rise: checkRise,
    check_fall: checkFall,
    check_health: server.checkHealth,
    addr: `${server.address}:${server.port}`,
    mode: 'http',
    uweight: server.weight,
  };
}

function backendRow(backend: Backend, queued: number, rows: readonly Row[]): Row {
  const sum = (column: string): number =>
    rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
  const active = backend.servers().filter((server) => backend.effectiveWeight(server) > 0);
  const summed = ['scur', 'stot', 'bin', 'bout', 'econ', 'wretr', 'lbtot', 'cli_abrt', 'srv_abrt'];
  const classes = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'];
  return {
    ...Object.fromEntries([...summed, ...classes].map((column) => [column, sum(column)])),
    hrsp_5xx: sum('hrsp_5xx') + sum('eresp'),
    eresp: sum('eresp'),
    pxname: backendName,
    svname: 'BACKEND',
    qcur: queued,
    status: active.length > 0 ? 'UP' : 'DOWN',
    weight: sum('weight'),
    act: active.length,
    bck: 0,
    pid: 1,
    iid: backendId,
    sid: 0,
    type: 1,
    req_tot: sum('req_tot'),
    mode: 'http',
    algo: 'roundrobin',
    uweight: sum('uweight'),
  };
}

/** Bits of the type argument: HAProxy's numbers for what is shown. */
const backendBit = 2;
const serverBit = 4;

/**
 * The answer to `show stat`: CSV with the servers' rows and the backend's. `types` is HAProxy's
 * mask: 2 the backend, 4 its servers, -1 all.
 */
export function showStat(backend: Backend, queued: number, nowMs: number, types: number): string {
  const rows = backend
    .servers()
    .map((server) => serverRow(server, backend.effectiveWeight(server), nowMs));
  const shown = [
    ...((types & serverBit) === 0 ? [] : rows),
    ...((types & backendBit) === 0 ? [] : [backendRow(backend, queued, rows)]),
  ];
  return [`# ${columns.join(',')},`, ...shown.map(csvLine), ''].join('\n');
}
