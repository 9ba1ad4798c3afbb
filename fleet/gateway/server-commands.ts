import { isIPv4 } from 'node:net';
import { addServer } from './add-server.js';
import { backendName } from './backend.js';
import {
  checkRise,
  fullHealth,
  setAdmin,
  setUp,
  settingsOf,
  type GatewayServer,
} from './gateway-server.js';
import {
  answer,
  type Command,
  type CommandContext,
  type CommandResult,
  type CommandTable,
} from './runtime-command.js';
import { parseWeight } from './weight-request.js';

type ServerAct = (
  server: GatewayServer,
  words: readonly string[],
  context: CommandContext,
) => string;

function locate(context: CommandContext, target: string | undefined): GatewayServer | string {
  const slash = target?.indexOf('/') ?? -1;
  if (target === undefined || slash < 0) return "Require 'backend/server'.\n";
  if (target.slice(0, slash) !== backendName) return 'No such backend.\n';
  return context.backend.find(target.slice(slash + 1)) ?? 'No such server.\n';
}

/** A command on one server that may change it; its settings are taken before and after. */
const onServer =
  (act: ServerAct): Command =>
  ([target, ...words], context) => {
    const server = locate(context, target);
    if (typeof server === 'string') return answer(server);
    const before = { ...settingsOf(server), isUp: server.isUp };
    const reply = act(server, words, context);
    return { reply, change: { before, after: { ...settingsOf(server), isUp: server.isUp } } };
  };

const changeWeight: ServerAct = (server, [text]) => {
  const request = parseWeight(text, server.initialWeight);
  if (request.kind === 'refused') return request.message;
  server.weight = request.weight;
  return '';
};

const changeState: ServerAct = (server, [state], { nowMs }) => {
  if (state !== 'ready' && state !== 'drain' && state !== 'maint') {
    return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
  }
  setAdmin(server, state, nowMs);
  return '';
};

const changeHealth: ServerAct = (server, [health], { nowMs }) => {
  if (health !== 'up' && health !== 'down' && health !== 'stopping') {
    return "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n";
  }
  if (server.admin === 'maint') return '';
  // A stopping server takes no new requests until its next checks pass, which here is down.
  setUp(server, health === 'up', nowMs);
  server.checkHealth = health === 'up' ? fullHealth : 0;
  return '';
};

const changeAddress: ServerAct = (server, [address, portWord, portText]) => {
  if (address === undefined) {
    return 'set server <b>/<s> addr requires an address and optionally a port.\n';
  }
  if (!isIPv4(address)) return `Invalid addr '${address}' by 'stats socket command'\n`;
  const parts: string[] = [];
  parts.push(
    address === server.address
      ? 'no need to change the addr'
      : `IP changed from '${server.address}' to '${address}'`,
  );
  server.address = address;
  if (portWord === 'port') {
    const port = Number(portText);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      return `provided port is not an integer by 'stats socket command'\n`;
    }
    parts.push(
      port === server.port
        ? 'no need to change the port'
        : `port changed from '${server.port}' to '${port}'`,
    );
    server.port = port;
  }
  return `${parts.join(', ')} by 'stats socket command'\n`;
};

const setServerActs: Readonly<Record<string, ServerAct>> = {
  weight: changeWeight,
  state: changeState,
  health: changeHealth,
  addr: changeAddress,
  agent: () => 'agent checks are not enabled on this server.\n',
};

const setServerUsage =
  'usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | ' +
  'check-addr | check-port | fqdn | health | ssl | state | weight\n';

const changeLimit: ServerAct = (server, [text]) => {
  if (text === undefined) return 'Require <maxconn>.\n';
  if (!/^\d+$/.test(text)) return 'maxconn string empty or preceded by garbage';
  server.maxConnections = Number(text);
  return '';
};

function deleteServer(target: string | undefined, context: CommandContext): CommandResult {
  const server = locate(context, target);
  // HAProxy's answers to this command end without the closing empty line.
  if (typeof server === 'string') return answer(server.trimEnd());
  if (server.admin !== 'maint') {
    return answer('Only servers in maintenance mode can be deleted.');
  }
  if (server.sessions > 0) {
    return answer('Server still has connections attached to it, cannot remove it.');
  }
  const before = settingsOf(server);
  context.backend.remove(server);
  return { reply: 'Server deleted.', change: { before, after: null } };
}

/** The commands on servers. */
export const serverCommands: CommandTable = {
  'set server': onServer((server, [what, ...words], context) => {
    const act = setServerActs[what ?? ''];
    return act === undefined ? setServerUsage : act(server, words, context);
  }),
  'set weight': onServer(changeWeight),
  'get weight': ([target], context) => {
    const server = locate(context, target);
    if (typeof server === 'string') return answer(server);
    return answer(`${server.weight} (initial ${server.initialWeight})\n`);
  },
  'set maxconn server': onServer(changeLimit),
  'enable server': onServer((server, _words, context) => changeState(server, ['ready'], context)),
  'disable server': onServer((server, _words, context) => changeState(server, ['maint'], context)),
  'enable health': onServer((server) => {
    if (server.checks === 'none') {
      return 'Health check was not configured on this server, cannot enable.\n';
    }
    if (server.checks === 'off') server.checkHealth = Math.max(server.checkHealth, checkRise);
    server.checks = 'on';
    return '';
  }),
  'disable health': onServer((server) => {
    if (server.checks === 'on') server.checks = 'off';
    return '';
  }),
  'shutdown sessions server': onServer((server) => {
    for (const cut of [...server.cuts]) cut();
    return '';
  }),
  'add server': ([target, ...words], context) => addServer(target, words, context),
  'del server': ([target], context) => deleteServer(target, context),
};
