import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { haproxy } from '../../../src/adapters/actuators/haproxy.js';
import {
  readLines,
  runCommand,
  runtimeEndpoint,
} from '../../../src/adapters/actuators/haproxy-protocol.js';
import { scratchFolder } from '../../support/scratch.js';
import { startWireServer } from './wire-server.js';

const HEADER =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state ' +
  'srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl ' +
  'srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n';
const row = (id: number, fields = '2 0 100 100 3 15 3 3 6'): string =>
  `4 engines ${id} r${id} 127.0.0.1 ${fields} 0 0 0 - ${18_100 + id} - 0 0 - - 0\n`;
const STATE = `1\n${HEADER}${row(1)}${row(2)}\n`;

const endpointOf = (address: string, reloadGraceMs = 0) =>
  runtimeEndpoint({ address, timeoutMs: 300, reloadGraceMs });
const balancerOf = (address: string) =>
  haproxy.create(
    haproxy.schema.parse({ address, timeout: '300ms', reloadGrace: '1ms', maps: { m: '/m' } }),
  ).loadBalancer;
const anyRow = (): boolean => true;

/** A runtime API that answers server states with `state` and everything else as HAProxy would. */
const answering = (state: string) =>
  startWireServer((socket, command) => {
    if (command.startsWith('show servers state')) socket.end(state);
    else if (command.startsWith('show stat')) socket.end('# pxname,svname,scur,\n\n');
    else socket.end('\n');
  });

describe('the runtime protocol', () => {
  it('takes an empty line for success, and a named one where a command says what it did', async () => {
    const { address } = await startWireServer((socket, command) =>
      socket.end(command === 'del server b/s\n' ? 'Server deleted.\n' : '\n'),
    );
    await runCommand(endpointOf(address), 'enable server b/s');
    await runCommand(endpointOf(address), 'del server b/s', 'Server deleted.');
    await expect(runCommand(endpointOf(address), 'del server b/s')).rejects.toMatchObject({
      reason: 'rejected',
    });
  });

  it.each([
    ['No such server.\n', 'not-found'],
    ['No such backend.\n\n', 'not-found'],
    ["Can't find backend.\n\n", 'not-found'],
    ['Unknown map identifier. Please use #<id> or <file>.\n\n', 'not-found'],
    ['entry not found.\n\n', 'not-found'],
    ['Permission denied\n\n', 'unauthorized'],
    ['Absolute weight can only be between 0 and 256 inclusive.\n\n', 'rejected'],
    ['Server still has connections attached to it, cannot remove it.\n', 'rejected'],
  ])('turns the reply %j into %s and quotes it', async (reply, reason) => {
    const { address } = await startWireServer((socket) => socket.end(reply));
    await expect(runCommand(endpointOf(address), 'set something')).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(reply.trim()) as string,
    });
  });

  it('says unreachable when nobody listens, for a port and for a socket', async () => {
    for (const address of [
      `127.0.0.1:${await findFreePort()}`,
      path.join(scratchFolder(), 's.sock'),
    ]) {
      await expect(runCommand(endpointOf(address), 'x')).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining(address) as string,
      });
    }
  });

  it('says timeout when no reply comes, and how much of one came', async () => {
    const silent = await startWireServer(() => undefined);
    await expect(runCommand(endpointOf(silent.address), 'x')).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('0 bytes came') as string,
    });
    const half = await startWireServer((socket) => socket.write('1\n# be_id'));
    await expect(readLines(endpointOf(half.address), 'x', anyRow)).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('9 bytes came') as string,
    });
  });

  it('never takes half a list for the whole', async () => {
    for (const length of [0, 1, 20, HEADER.length + 2, STATE.length - 40, STATE.length - 1]) {
      const { address } = await answering(STATE.slice(0, length));
      await expect(balancerOf(address).servers('engines'), `${length}`).rejects.toMatchObject({
        name: 'AdapterError',
        reason: 'unreachable',
      });
    }
  });

  it.each([
    ['another service', 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'],
    ['bytes', '\u0000\u0001\u00ff\n\n'],
    ['another version of the state', `2\n${HEADER}${row(1)}\n`],
    ['letters for numbers', `1\n${HEADER}${row(1, 'two zero x y z 15 3 3 6')}\n`],
    ['a line of something else between', `1\n${HEADER}${row(1)}hello\n${row(2)}\n`],
    ['a row that ends early', `1\n${HEADER}4 engines 1 r1 127.0.0.1 2\n\n`],
  ])('refuses %s instead of acting on it', async (_what, reply) => {
    const server = await answering(reply);
    const balancer = balancerOf(server.address);
    await expect(balancer.setWeight('engines', 'r1', 5)).rejects.toMatchObject({
      reason: 'rejected',
    });
    expect(server.received()).not.toContain('set server');
  });

  it('reads a list of 10,000 servers that comes in small pieces', async () => {
    const rows = Array.from({ length: 10_000 }, (_unused, index) => row(index + 1)).join('');
    const text = `1\n${HEADER}${rows}\n`;
    const { address } = await startWireServer((socket, command) => {
      if (command.startsWith('show stat')) return socket.end('# pxname,svname,scur,\n\n');
      for (let at = 0; at < text.length; at += 7_777) socket.write(text.slice(at, at + 7_777));
      return socket.end();
    });
    const settings = haproxy.schema.parse({ address, timeout: '5s' });
    const servers = await haproxy.create(settings).loadBalancer.servers('engines');
    expect(servers).toHaveLength(10_000);
    expect(servers.at(-1)).toMatchObject({ name: 'r10000', address: '127.0.0.1:28100' });
  });

  it('reads every state that HAProxy writes', async () => {
    const rows = [
      row(1, '0 0 100 100 3 8 2 0 6'), // checks fail
      row(2, '2 8 0 50 3 15 3 3 6'), // drained, weight 0
      row(3, '0 1 256 1 3 15 3 0 14'), // forced maintenance
      row(4, '0 32 1 1 3 15 3 0 14'), // its name could not be resolved
      row(5, '2 4 1 1 3 15 3 3 6'), // disabled in the config, enabled since
      row(6, '1 16 1 1 3 15 3 3 6'), // ramping up, drain of the server that it tracks
      row(7, '2 0 1 1 3 1 0 0 2'), // checks configured and never enabled
    ];
    const { address } = await answering(`1\n${HEADER}${rows.join('')}\n`);
    const servers = await balancerOf(address).servers('engines');
    expect(
      servers.map(({ isUp, admin, weight, isHalfAdded }) => [isUp, admin, weight, isHalfAdded]),
    ).toEqual([
      [false, 'ready', 100, false],
      [true, 'drain', 0, false],
      [false, 'maint', 256, false],
      [false, 'maint', 1, false],
      [true, 'ready', 1, false],
      [true, 'drain', 1, false],
      [true, 'ready', 1, true],
    ]);
  });

  it('says that an accepted change is not so afterwards', async () => {
    const { address } = await answering(STATE);
    await expect(balancerOf(address).setAdmin('engines', 'r1', 'drain')).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('was accepted and is not so afterwards') as string,
    });
  });

  it('waits for a listener that a reload took away', async () => {
    const port = await findFreePort();
    const server = net.createServer((socket) => socket.on('data', () => socket.end('\n')));
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    const call = runCommand(endpointOf(`127.0.0.1:${port}`, 2_000), 'enable server b/s');
    await sleep(150);
    server.listen(port, '127.0.0.1');
    await call;
  });

  it('reads again when a reload cuts the reply, and never sends a change twice', async () => {
    const cut = await startWireServer((socket, _command, connection) => {
      socket.end(connection === 0 ? '1\n# be_id' : STATE);
    });
    const lines = await readLines(endpointOf(cut.address, 1_000), 'show servers state', anyRow);
    expect(lines).toHaveLength(4);
    const mute = await startWireServer((socket) => socket.end());
    await expect(
      runCommand(endpointOf(mute.address, 1_000), 'add server b/s 1.2.3.4:5'),
    ).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('closed without a reply') as string,
    });
    expect(mute.received()).toBe('add server b/s 1.2.3.4:5\n');
  });

  it('waits with a removal until the last connection is gone, but not for ever', async () => {
    let refusals = 2;
    const server = await startWireServer((socket, command) => {
      if (command.startsWith('show servers state')) {
        socket.end(`1\n${HEADER}${row(1, '0 1 100 100 3 15 3 0 14')}\n`);
      } else if (command.startsWith('show stat')) socket.end('# pxname,svname,scur,\n\n');
      else if (refusals-- > 0) {
        socket.end('Server still has connections attached to it, cannot remove it.\n');
      } else socket.end('Server deleted.\n');
    });
    await balancerOf(server.address).removeServer('engines', 'r1');
    expect(server.received().match(/del server engines\/r1/g)).toHaveLength(3);

    refusals = 1_000;
    const settings = haproxy.schema.parse({ address: server.address, removeTimeout: '300ms' });
    await expect(
      haproxy.create(settings).loadBalancer.removeServer('engines', 'r1'),
    ).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('still has connections') as string,
    });
  });
});
