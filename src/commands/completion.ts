import { InvalidArgumentError, type Command } from 'commander';
import { print } from './table.js';

/** `paramedic completion bash|zsh|fish`: a script for the shell, made of the commands that there are. */
export function showCompletion(program: Command, shell: string): number {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    words: [
      ...command.commands.map((inner) => inner.name()),
      ...command.options.flatMap(({ long }) => (long ? [long] : [])),
      '--help',
    ],
  }));
  switch (shell) {
    case 'bash':
      print(bash(commands));
      return 0;
    case 'zsh':
      print(`autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`);
      return 0;
    case 'fish':
      print(fish(commands));
      return 0;
    default:
      throw new InvalidArgumentError(`expected bash, zsh or fish, got "${shell}"`);
  }
}

interface Completed {
  readonly name: string;
  readonly description: string;
  readonly words: readonly string[];
}

function bash(commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(({ name, words }) => `    ${name}) words="${words.join(' ')}" ;;`);
  return `_paramedic() {
  local words="${names} --config --token --help" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
${cases.join('\n')}
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _paramedic paramedic bin/paramedic`;
}

function fish(commands: readonly Completed[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  return commands
    .flatMap(({ name, description, words }) => [
      `complete -c paramedic -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
      ...words.map((word) =>
        word.startsWith('--')
          ? `complete -c paramedic -n '__fish_seen_subcommand_from ${name}' -l ${word.slice(2)}`
          : `complete -c paramedic -n '__fish_seen_subcommand_from ${name}' -f -a ${word}`,
      ),
    ])
    .join('\n');
}
