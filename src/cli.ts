import { Command, InvalidArgumentError } from 'commander';
import { endWithReader } from './commands/broken-pipe.js';
import { defaultConfigPath } from './commands/config-path.js';
import { registerAnalysis } from './commands/register-analysis.js';
import { registerFleet } from './commands/register-fleet.js';
import { registerIncidents } from './commands/register-incidents.js';
import { registerMonitoring } from './commands/register-monitoring.js';
import { registerRoles } from './commands/register-roles.js';
import { registerSetup } from './commands/register-setup.js';

const LONG_RUNNING = new Set(['start', 'detector', 'worker', 'server']);

/**
 * The command line. Each command loads its code when it runs, so that the small ones start at once.
 * Exit codes: 0 done, 1 refused or failed, 2 not understood.
 */
const program = new Command('paramedic')
  .description('Keeps LLM inference fleets inside their SLAs.')
  .option(
    '--config <file>',
    'configuration (default: $PARAMEDIC_CONFIG, ./paramedic.yaml, or the demo’s)',
  )
  .option(
    '--token <token>',
    'shown to the API (default: $PARAMEDIC_TOKEN, which nobody sees in ps)',
  )
  .hook('preAction', (command, called) => {
    // `head` may have had enough; what runs for long must not end with whoever read its story.
    if (!LONG_RUNNING.has(called.name())) endWithReader();
    const { token } = command.opts<{ token?: string }>();
    if (token !== undefined) process.env['PARAMEDIC_TOKEN'] = token;
  })
  .addHelpText('after', '\nExit codes: 0 done, 1 refused or failed, 2 not understood.')
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  });

const configPath = () => program.opts<{ config?: string }>().config ?? defaultConfigPath();

/** Runs a command, and makes its exit code of its result or its error. */
function run<A extends unknown[]>(body: (...args: A) => Promise<number | undefined>) {
  return async (...args: A) => {
    try {
      process.exitCode = (await body(...args)) ?? 0;
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = error instanceof InvalidArgumentError ? 2 : 1;
    }
  };
}

// In the order in which they are needed: of the help.
for (const register of [
  registerRoles,
  registerSetup,
  registerIncidents,
  registerMonitoring,
  registerFleet,
  registerAnalysis,
]) {
  register({ program, run, configPath });
}

await program.parseAsync();
