import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { configKeys } from '../src/commands/config-keys.js';
import { parseConfig } from '../src/config/load.js';
import { blocks, documentedCommands, PAGES, read, ROOT } from './support/documentation.js';

const commands = documentedCommands();

/** The command of a line, past the program's own option; undefined for other programs. */
const commandOf = (line: string): string | undefined =>
  /^bin\/paramedic (?:--config \S+ )?((?:token|config|silence) \S+|\S+)/.exec(line)?.[1];

const run = promisify(execFile);

async function help(...command: readonly string[]): Promise<string> {
  const program = path.join(ROOT, 'bin/paramedic');
  return (await run(process.execPath, [program, ...command, '--help'])).stdout;
}

describe('the documentation', () => {
  it('has commands, so that the checks below check something', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  const names = [...new Set(commands.flatMap(({ line }) => commandOf(line) ?? []))];
  it.each(names)('bin/paramedic %s is a command, with the options that are used', async (name) => {
    const text = await help(...name.split(' '));
    expect(text).toMatch(new RegExp(`^Usage: paramedic ${name}\\b`));
    for (const { page, line } of commands.filter((one) => commandOf(one.line) === name)) {
      const options = line.replace(/--config \S+/, '').match(/(?<= )--[\w-]+/g) ?? [];
      for (const option of options) expect(text, `${page}: ${line}`).toContain(option);
    }
  });

  it('has every key of the configuration, as the schema and the example have them now', () => {
    const stale = 'stale: bin/paramedic config keys > docs/configuration-keys.md';
    expect(read('docs/configuration-keys.md'), stale).toBe(`${configKeys()}\n`);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const builtIn = ['ci', 'install', 'test', 'start'];
    for (const { page, line } of commands) {
      const [, name = ''] = /^npm (?:run )?(\S+)/.exec(line) ?? [];
      if (name === '' || builtIn.includes(name)) continue;
      expect(Object.keys(scripts), `${page}: ${line}`).toContain(name);
    }
  });

  it.each(blocks('yaml').map(({ page, text }, index) => [page, index, text] as const))(
    '%s: yaml block %i is a valid configuration',
    (page, _, text) => {
      expect(() => parseConfig(text, page, {})).not.toThrow();
    },
  );

  it.each(PAGES)('%s: every link into the repository leads somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((m) => m[1] ?? '');
    for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
      expect(existsSync(path.join(ROOT, path.dirname(page), link)), link).toBe(true);
    }
  });
});
