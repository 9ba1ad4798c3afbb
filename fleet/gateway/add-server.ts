import { backendName } from './backend.js';
import { settingsOf } from './gateway-server.js';
import { answer, type CommandContext, type CommandResult } from './runtime-command.js';

/** Keywords with a value that are accepted and change nothing here: the checks' rhythm is fixed. */
const ignoredWithValue = new Set(['inter', 'fastinter', 'downinter', 'rise', 'fall', 'slowstart']);

interface ServerOptions {
  weight: number;
  maxConnections: number;
  isChecked: boolean;
}

function parseOptions(name: string, words: readonly string[]): ServerOptions | string {
  // HAProxy's defaults for a server: weight 1, no limit, no checks.
  const options: ServerOptions = { weight: 1, maxConnections: 0, isChecked: false };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === 'check') {
      options.isChecked = true;
      continue;
    }
    const text = words[index + 1];
    if (word !== 'weight' && word !== 'maxconn' && !ignoredWithValue.has(word)) {
      return `unknown keyword '${word}'.\n`;
    }
    if (text === undefined) return `'${word}' expects an argument.\n`;
    index += 1;
    const value = Number(text);
    if (word === 'weight') {
      if (!(value >= 0 && value <= 256)) {
        return `weight of server ${name} is not within 0 and 256 (${text})..\n`;
      }
      options.weight = value;
    } else if (word === 'maxconn') {
      options.maxConnections = value;
    }
  }
  return options;
}

/**
 * `add server engines/<name> <address>:<port> [check …] [weight n] [maxconn n]`.
 * The server starts in maintenance, its checks configured but off, as HAProxy's do.
 */
export function addServer(
  target: string | undefined,
  words: readonly string[],
  context: CommandContext,
): CommandResult {
  const [backend = '', name = ''] = target?.split('/', 2) ?? [];
  if (target?.includes('/') !== true) return answer("Require 'backend/server'.\n");
  if (backend !== backendName) return answer('No such backend.');
  const [place, ...optionWords] = words;
  const [address = '', portText = ''] = place?.split(':', 2) ?? [];
  const port = Number(portText);
  if (name === '' || address === '' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return answer("'server' expects <name> and <addr>[:<port>] as arguments.\n");
  }
  if (context.backend.find(name) !== undefined) {
    return answer('Already exists a server with the same name in backend.\n');
  }
  const options = parseOptions(name, optionWords);
  if (typeof options === 'string') return answer(options);
  const server = context.backend.add(
    {
      name,
      address,
      port,
      weight: options.weight,
      initialWeight: options.weight,
      admin: 'maint',
      checks: options.isChecked ? 'off' : 'none',
      maxConnections: options.maxConnections,
    },
    context.nowMs,
  );
  return {
    reply: 'New server registered.\n',
    change: { before: null, after: settingsOf(server) },
  };
}
