import { backendId, backendName } from './backend.js';
import { mapCommands } from './map-commands.js';
import {
  answer,
  type Command,
  type CommandContext,
  type CommandResult,
} from './runtime-command.js';
import { serverCommands } from './server-commands.js';
import { showServersState } from './show-servers-state.js';
import { showStat } from './show-stat.js';

const showInfo: Command = (_words, context) => {
  const uptimeSeconds = Math.floor((context.nowMs - context.startedAtMs) / 1000);
  const sessions = context.backend.servers().reduce((sum, server) => sum + server.sessions, 0);
  const facts = {
    Name: 'HAProxy',
    Version: '2.6.12-fleet',
    Nbthread: 1,
    Pid: process.pid,
    Uptime_sec: uptimeSeconds,
    CurrConns: sessions + context.queued,
    CumReq: context.served,
    Start_time_sec: Math.floor(context.startedAtMs / 1000),
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return answer(`${lines.join('\n')}\n`);
};

const commands: Readonly<Record<string, Command>> = {
  ...serverCommands,
  ...mapCommands,
  'show servers state': ([name], { backend, nowMs }) =>
    answer(
      name !== undefined && name !== backendName
        ? "Can't find backend.\n"
        : showServersState(backend.servers(), nowMs),
    ),
  'show stat': ([proxy, types], { backend, queued, nowMs }) => {
    const isMeant = proxy === undefined || ['-1', backendName, String(backendId)].includes(proxy);
    const mask = Number(types ?? -1);
    return answer(showStat(backend, queued, nowMs, isMeant ? mask : 0));
  },
  'show info': showInfo,
};

const unknownCommand = (): CommandResult =>
  answer(
    [
      'Unknown command, but maybe one of the following ones is a better match:',
      ...Object.keys(commands)
        .sort()
        .map((name) => `  ${name}`),
      '',
    ].join('\n'),
  );

/** Splits a line at unescaped semicolons, as HAProxy does; `\;` and `\ ` stand for themselves. */
export function splitCommands(line: string): readonly string[] {
  return line
    .split(/(?<!\\);/)
    .map((part) => part.replaceAll('\\;', ';').trim())
    .filter((part) => part !== '');
}

/** Executes one command. Longest matching name first: `set server` against `set`. */
export function executeCommand(text: string, context: CommandContext): CommandResult {
  const words = text.split(/(?<!\\)\s+/).map((word) => word.replaceAll('\\ ', ' '));
  for (let count = Math.min(3, words.length); count > 0; count--) {
    const command = commands[words.slice(0, count).join(' ')];
    if (command !== undefined) return command(words.slice(count), context);
  }
  return unknownCommand();
}
