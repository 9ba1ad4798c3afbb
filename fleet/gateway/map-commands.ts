import {
  answer,
  type CommandContext,
  type CommandResult,
  type CommandTable,
} from './runtime-command.js';
import { mapNames, type MapEntry, type MapName } from './runtime-maps.js';

const unknownMap = answer('Unknown map identifier. Please use #<id> or <file>.\n');

const listing = (context: CommandContext): string =>
  [
    '# id (file) description',
    ...mapNames.map(
      (name, id) =>
        `${id} (${name}) pattern loaded from file '${name}' used by map at the fleet's gateway. ` +
        `curr_ver=0 next_ver=0 entry_cnt=${context.backend.maps.entries(name).length}`,
    ),
    '',
  ].join('\n');

const entryLine = (entry: MapEntry): string =>
  `0x${entry.id.toString(16).padStart(12, '0')} ${entry.key} ${entry.value}\n`;

function changing(
  context: CommandContext,
  name: MapName,
  key: string | undefined,
  act: () => string,
): CommandResult {
  const { maps } = context.backend;
  const look = (): unknown =>
    maps
      .entries(name)
      .filter((entry) => key === undefined || entry.key === key)
      .map((entry) => [entry.key, entry.value]);
  const before = look();
  const reply = act();
  return { reply, change: { before, after: look() } };
}

/** `show map`, `get map`, `add map`, `set map`, `del map` and `clear map`. */
export const mapCommands: CommandTable = {
  'show map': ([identifier], context) => {
    if (identifier === undefined) return answer(listing(context));
    const name = context.backend.maps.identify(identifier);
    if (name === undefined) return unknownMap;
    return answer(context.backend.maps.entries(name).map(entryLine).join(''));
  },
  'get map': ([identifier, key], { backend }) => {
    if (identifier === undefined || key === undefined) {
      return answer('Missing map identifier and/or key.\n');
    }
    const name = backend.maps.identify(identifier);
    if (name === undefined) return unknownMap;
    const value = backend.maps.value(name, key);
    return answer(
      value === undefined
        ? 'type=str, case=sensitive, found=no\n'
        : `type=str, case=sensitive, found=yes, idx=tree, key="${key}", value="${value}", type="str"\n`,
    );
  },
  'add map': ([identifier, key, value], context) => {
    const { maps } = context.backend;
    if (identifier === undefined || key === undefined || value === undefined) {
      return answer(
        "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload\n",
      );
    }
    const name = maps.identify(identifier);
    if (name === undefined) return unknownMap;
    return changing(context, name, key, () => {
      maps.add(name, key, value);
      return '';
    });
  },
  'set map': ([identifier, key, value], context) => {
    const { maps } = context.backend;
    if (identifier === undefined || key === undefined || value === undefined) {
      return answer("'set map' expects three parameters: map identifier, key and value.\n");
    }
    const name = maps.identify(identifier);
    if (name === undefined) return unknownMap;
    return changing(context, name, key, () =>
      maps.set(name, key, value) ? '' : 'entry not found.\n',
    );
  },
  'del map': ([identifier, key], context) => {
    const { maps } = context.backend;
    if (identifier === undefined || key === undefined) {
      return answer('This command expects two parameters: map identifier and key.\n');
    }
    const name = maps.identify(identifier);
    if (name === undefined) return unknownMap;
    return changing(context, name, key, () => (maps.remove(name, key) ? '' : 'Key not found.\n'));
  },
  'clear map': ([identifier], context) => {
    const { maps } = context.backend;
    if (identifier === undefined) return answer('Missing map identifier.\n');
    const name = maps.identify(identifier);
    if (name === undefined) return unknownMap;
    return changing(context, name, undefined, () => {
      maps.clear(name);
      return '';
    });
  },
};
