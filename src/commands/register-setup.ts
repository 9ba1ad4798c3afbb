import type { InitOptions } from './init.js';
import type { Registration } from './registration.js';

/** The commands that set paramedic up: init, doctor, config, token, completion. */
export function registerSetup({ program, run, configPath }: Registration): void {
  const collect = (url: string, before: readonly string[] = []) => [...before, url];
  program
    .command('init')
    .description('writes a commented configuration for your engines, and looks whether they answer')
    .option('--engine <url>', 'an engine; once for each (asked for where none is named)', collect)
    .option('--gateway <url>', 'metrics of the gateway before them')
    .option('--service <name>', 'what they are together', 'chat')
    .option('--output <file>', 'where to write', 'paramedic.yaml')
    .option('--force', 'replaces a file that is there')
    .action(
      run(async (options: InitOptions) => {
        const { initConfig } = await import('./init.js');
        return initConfig(options);
      }),
    );
  program
    .command('doctor')
    .description('what is reachable, measurable and misconfigured, and how to mend it')
    .option('--json', 'for scripts')
    .action(
      run(async (options: { json?: boolean }) => {
        const { runDoctor } = await import('./doctor.js');
        return runDoctor(configPath(), options);
      }),
    );
  const config = program.command('config').description('the configuration file');
  config
    .command('validate')
    .description('every mistake, with file, line and what was expected')
    .option('--json', 'for scripts')
    .action(
      run(async (options: { json?: boolean }) => {
        const { validateConfig } = await import('./config-check.js');
        return validateConfig(configPath(), options);
      }),
    );
  config
    .command('diff')
    .argument('<other>', 'another configuration file')
    .description('what another file changes, defaults filled in; 1 where anything differs')
    .option('--json', 'for scripts')
    .action(
      run(async (other: string, options: { json?: boolean }) => {
        const { diffConfigs } = await import('./config-check.js');
        return diffConfigs(configPath(), other, options);
      }),
    );
  config
    .command('schema')
    .description('the JSON Schema of the file, for editors')
    .action(
      run(async () => {
        const { showConfigSchema } = await import('./config-check.js');
        return showConfigSchema();
      }),
    );
  config
    .command('keys')
    .description('every key with its values, default and meaning, as Markdown')
    .action(
      run(async () => {
        const { showConfigKeys } = await import('./config-keys.js');
        return showConfigKeys();
      }),
    );
  program
    .command('token')
    .description('who may call the API')
    .command('create')
    .description('a new token, shown once, and the line of the configuration that admits it')
    .requiredOption('--role <role>', 'viewer, operator or admin')
    .requiredOption('--name <name>', 'whose it is: the name in the audit')
    .option('--json', 'for scripts')
    .action(
      run(async (options: { role: string; name: string; json?: boolean }) => {
        const { createNamedToken } = await import('./token.js');
        return createNamedToken(options);
      }),
    );
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('a script that completes commands: source <(bin/paramedic completion bash)')
    .action(
      run(async (shell: string) => {
        const { showCompletion } = await import('./completion.js');
        return showCompletion(program, shell);
      }),
    );
}
