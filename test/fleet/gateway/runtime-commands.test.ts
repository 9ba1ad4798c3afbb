import { describe, expect, it } from 'vitest';
import { executeCommand, splitCommands } from '../../../fleet/gateway/runtime-commands.js';
import { recordedBackend, run, testNowMs } from './backend-with.js';

/**
 * Answers of HAProxy 2.6.12, byte for byte, recorded over its TCP socket. Some of its messages
 * lack the closing empty line; ours lack it too.
 */
const recorded: readonly (readonly [string, string])[] = [
  ['set server engines/e1 weight 50%', '\n'],
  ['get weight engines/e1', '100 (initial 100)\n\n'],
  ['get weight engines/e9', 'No such server.\n\n'],
  ['get weight nope/e1', 'No such backend.\n\n'],
  ['get weight e1', "Require 'backend/server'.\n\n"],
  ['set weight engines/e1 300', 'Absolute weight can only be between 0 and 256 inclusive.\n\n'],
  ['set weight engines/e1 -1', 'Absolute weight can only be between 0 and 256 inclusive.\n\n'],
  ['set weight engines/e1 abc', 'Empty weight string empty or preceded by garbage\n'],
  ['set weight engines/e1 5x', 'Trailing garbage in weight string\n'],
  ['set weight engines/e1', 'Require <weight> or <weight%>.\n\n'],
  ['set server engines/e9 weight 10', 'No such server.\n\n'],
  [
    'set server engines/e1 state foo',
    "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n",
  ],
  [
    'set server engines/e1 health foo',
    "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n\n",
  ],
  ['set server engines/e1 agent down', 'agent checks are not enabled on this server.\n\n'],
  [
    'set server engines/e1 foo',
    'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n\n',
  ],
  [
    'set server engines/e3 addr 127.0.0.1 port 18103',
    "no need to change the addr, no need to change the port by 'stats socket command'\n\n",
  ],
  [
    'set server engines/e3 addr 127.0.0.1 port 19000',
    "no need to change the addr, port changed from '18103' to '19000' by 'stats socket command'\n\n",
  ],
  ['set server engines/e3 addr foo', "Invalid addr 'foo' by 'stats socket command'\n\n"],
  ['set maxconn server engines/e1 16', '\n'],
  ['set maxconn server engines/e1', 'Require <maxconn>.\n\n'],
  ['set maxconn server engines/e1 x', 'maxconn string empty or preceded by garbage\n'],
  ['shutdown sessions server engines/e3', '\n'],
  ['shutdown sessions server engines/e9', 'No such server.\n\n'],
  ['del server engines/e1', 'Only servers in maintenance mode can be deleted.\n'],
  ['del server engines/e9', 'No such server.\n'],
  [
    'add server engines/e2 127.0.0.1:1',
    'Already exists a server with the same name in backend.\n\n',
  ],
  ['add server engines/e5', "'server' expects <name> and <addr>[:<port>] as arguments.\n\n"],
  ['add server engines/e5 127.0.0.1:1 check bogus', "unknown keyword 'bogus'.\n\n"],
  [
    'add server engines/e7 127.0.0.1:18987 weight 300',
    'weight of server e7 is not within 0 and 256 (300)..\n\n',
  ],
  ['show servers state nope', "Can't find backend.\n\n"],
  ['show map nope', 'Unknown map identifier. Please use #<id> or <file>.\n\n'],
  ['set map routing z q', 'entry not found.\n\n'],
  ['del map routing z', 'Key not found.\n\n'],
  ['get map routing', 'Missing map identifier and/or key.\n\n'],
  ['get map routing z', 'type=str, case=sensitive, found=no\n\n'],
  ['set map routing a', "'set map' expects three parameters: map identifier, key and value.\n\n"],
  ['clear map', 'Missing map identifier.\n\n'],
  ['show map routing', '\n'],
];

/** The lines of servers in `show servers state`, without the heading. */
const serverLines = (answer: string): readonly string[] => answer.trimEnd().split('\n').slice(2);

describe('executeCommand', () => {
  it.each(recorded)('answers "%s" as HAProxy does', (command, answer) => {
    expect(run(recordedBackend(), command)).toBe(answer);
  });

  it('shows weights, drain and maintenance as in the recorded session', () => {
    const backend = recordedBackend();
    for (const server of backend.servers()) {
      Object.assign(server, { checkOutcome: 'L7OK', checkHealth: 3 });
    }
    const [version, heading, first] = run(backend, 'show servers state engines').split('\n');
    expect(version).toBe('1');
    expect(heading?.split(' ')).toHaveLength(26);
    expect(first).toBe(
      '4 engines 1 e1 127.0.0.1 2 0 100 100 32 15 3 3 6 0 0 0 - 18101 - 0 0 - - 0',
    );
    run(backend, 'set server engines/e1 weight 50%; set server engines/e2 state drain');
    run(backend, 'set server engines/e3 state maint');
    expect(serverLines(run(backend, 'show servers state engines'))).toEqual([
      '4 engines 1 e1 127.0.0.1 2 0 50 100 32 15 3 3 6 0 0 0 - 18101 - 0 0 - - 0',
      '4 engines 2 e2 127.0.0.1 2 8 100 100 0 15 3 3 6 0 0 0 - 18102 - 0 0 - - 0',
      '4 engines 3 e3 127.0.0.1 0 1 100 100 0 15 3 0 14 0 0 0 - 18103 - 0 0 - - 0',
    ]);
    run(backend, 'set server engines/e3 state ready');
    expect(serverLines(run(backend, 'show servers state'))[2]).toBe(
      '4 engines 3 e3 127.0.0.1 2 0 100 100 0 15 3 2 6 0 0 0 - 18103 - 0 0 - - 0',
    );
  });

  it.each([
    ['0', 0],
    ['256', 256],
    ['50%', 50],
    ['0%', 0],
    ['300%', 256],
    ['100%', 100],
  ])('sets weight %s', (text, weight) => {
    const backend = recordedBackend();
    expect(run(backend, `set server engines/e1 weight ${text}`)).toBe('\n');
    expect(run(backend, 'get weight engines/e1')).toBe(`${weight} (initial 100)\n\n`);
  });

  it('adds a server in maintenance with its checks off, enables and deletes it', () => {
    const backend = recordedBackend();
    const add =
      'add server engines/e4 127.0.0.1:18104 check inter 1s fastinter 300ms rise 2 fall 2 weight 100 maxconn 64';
    expect(run(backend, add)).toBe('New server registered.\n\n');
    expect(serverLines(run(backend, 'show servers state'))[3]).toBe(
      '4 engines 4 e4 127.0.0.1 0 1 100 100 0 1 0 0 2 0 0 0 - 18104 - 0 0 - - 0',
    );
    expect(run(backend, 'enable server engines/e4; enable health engines/e4')).toBe('\n\n');
    expect(backend.find('e4')).toMatchObject({ isUp: true, admin: 'ready', checks: 'on' });
    expect(run(backend, 'del server engines/e4')).toContain('Only servers in maintenance');
    run(backend, 'set server engines/e4 state maint');
    expect(run(backend, 'del server engines/e4')).toBe('Server deleted.\n');
    expect(backend.find('e4')).toBeUndefined();
  });

  it('keeps a server that still has requests', () => {
    const backend = recordedBackend();
    run(backend, 'set server engines/e1 state maint');
    Object.assign(backend.servers()[0] ?? {}, { sessions: 1 });
    expect(run(backend, 'del server engines/e1')).toBe(
      'Server still has connections attached to it, cannot remove it.\n',
    );
  });

  it('answers each command of a chain, errors included', () => {
    expect(
      run(
        recordedBackend(),
        'set weight engines/e1 10;set weight engines/e9 1;get weight engines/e1',
      ),
    ).toBe('\nNo such server.\n\n10 (initial 100)\n\n');
    expect(splitCommands('add map routing a b\\;c; show info')).toEqual([
      'add map routing a b;c',
      'show info',
    ]);
  });

  it('reports before and after of commands that may change something, and of no other', () => {
    const backend = recordedBackend();
    const context = { backend, nowMs: testNowMs, queued: 0, startedAtMs: 0, served: 0 };
    const change = executeCommand('set weight engines/e1 20', context).change;
    expect(change).toMatchObject({ before: { weight: 100 }, after: { weight: 20 } });
    const again = executeCommand('set weight engines/e1 20', context).change;
    expect(again?.before).toEqual(again?.after);
    expect(executeCommand('get weight engines/e1', context).change).toBeUndefined();
  });

  it('shows statistics under HAProxy 2.6 column names', () => {
    const lines = run(recordedBackend(), 'show stat engines 4 -1').trimEnd().split('\n');
    const heading = (lines[0] ?? '').replace('# ', '').split(',');
    expect(lines).toHaveLength(4);
    const cells = (lines[1] ?? '').split(',');
    const row = Object.fromEntries(heading.map((name, index) => [name, cells[index]]));
    expect(row).toMatchObject({ pxname: 'engines', svname: 'e1', weight: '100', scur: '0' });
    expect(run(recordedBackend(), 'show stat').split('\n')).toHaveLength(7);
  });
});
