import { Command, InvalidArgumentError } from 'commander';
import { endWithReader } from './commands/broken-pipe.js';
import type { ModeOptions } from './commands/mode.js';
import { defaultConfigPath } from './commands/config-path.js';
import { registerSetup } from './commands/register-setup.js';
import type { DrillOptions } from './commands/drill.js';

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

program
  .command('start')
  .description(
    'runs everything on this machine: Temporal, the fleet of the configuration, the roles',
  )
  .option('--data-dir <folder>', 'where state is kept')
  .action(
    run(async ({ dataDir }: { dataDir?: string }) => {
      const { runStart } = await import('./commands/start.js');
      process.exit(await runStart({ configPath: configPath(), dataDir }));
    }),
  );

for (const [role, what] of [
  ['detector', 'scrapes, evaluates, and starts incidents'],
  ['worker', 'runs the workflows and acts on the fleet'],
  ['server', 'serves the API and keeps the archive'],
] as const) {
  program
    .command(role)
    .description(`runs the ${role} role: ${what}`)
    .option('--config <file>', 'configuration')
    .action(
      run(async ({ config }: { config?: string }) => {
        const { runNamedRole } = await import('./commands/roles.js');
        process.exit(await runNamedRole(role, config ?? configPath()));
      }),
    );
}

registerSetup(program, run, configPath);

program
  .command('status')
  .description('what is watched, what is violated, what answers')
  .option('--json', 'for scripts')
  .action(
    run(async (options: { json?: boolean }) => {
      const { showStatus } = await import('./commands/status.js');
      return showStatus(configPath(), options);
    }),
  );
program
  .command('incidents')
  .description('incidents, newest first')
  .option('--state <state>', 'only those in that state')
  .option('--limit <n>', 'how many', '20')
  .option('--json', 'for scripts')
  .action(
    run(async (options: { state?: string; limit: string; json?: boolean }) => {
      const { listIncidents } = await import('./commands/incidents.js');
      return listIncidents(configPath(), options);
    }),
  );
program
  .command('incident')
  .argument('<id>')
  .description('one incident: state, plan, steps, owed undos, timeline')
  .option('--json', 'for scripts')
  .action(
    run(async (id: string, options: { json?: boolean }) => {
      const { showIncident } = await import('./commands/incidents.js');
      return showIncident(configPath(), id, options);
    }),
  );

for (const [name, what] of [
  ['approve', 'lets the step that waits go on'],
  ['deny', 'skips the step that waits'],
  ['abort', 'stops the recovery and undoes it'],
  ['skip', 'leaves the current step out'],
  ['pause', 'starts no further step until resumed'],
  ['resume', 'goes on after a pause'],
  ['approve-rollback', 'lets the rollback that waits go on'],
  ['deny-rollback', 'keeps what was changed'],
  ['acknowledge', 'a person owns it'],
] as const) {
  const command = program
    .command(name)
    .argument('<id>', 'the incident')
    .description(what)
    .option('--reason <text>', 'why, for the audit')
    .option('--by <who>', 'who asks', process.env['USER'] ?? 'operator')
    .option('--json', 'for scripts');
  if (name === 'abort') command.option('--keep', 'keeps what was changed');
  command.action(
    run(
      async (
        id: string,
        options: { reason?: string; by: string; keep?: boolean; json?: boolean },
      ) => {
        const { operate } = await import('./commands/operate.js');
        return operate(configPath(), id, name, options);
      },
    ),
  );
}

program
  .command('plan')
  .argument('[procedure]', 'without one, the procedures in force are listed')
  .argument('[target]', 'service, or service/replica')
  .description('what a procedure would do to a target now, in exact calls; changes nothing')
  .option('--json', 'for scripts')
  .action(
    run(
      async (
        procedure: string | undefined,
        target: string | undefined,
        options: { json?: boolean },
      ) => {
        const { listProcedures, showPlan } = await import('./commands/plan.js');
        if (procedure === undefined) return listProcedures(configPath(), options);
        if (target !== undefined) return showPlan(configPath(), procedure, target, options);
        process.stderr.write(`expected a target: paramedic plan ${procedure} SERVICE[/REPLICA]\n`);
        return 2;
      },
    ),
  );
program
  .command('kill-switch')
  .argument('<on|off>')
  .description('stops, or allows again, every action of every recovery')
  .option('--reason <text>', 'why, for the audit')
  .option('--by <who>', 'who asks', process.env['USER'] ?? 'operator')
  .option('--json', 'for scripts')
  .action(
    run(async (position: string, options: { by: string; reason?: string; json?: boolean }) => {
      const { setKillSwitch } = await import('./commands/kill-switch.js');
      return setKillSwitch(configPath(), position, options);
    }),
  );

const user = process.env['USER'] ?? 'operator';
program
  .command('mode')
  .argument('[mode]', 'auto, normal, high-alert, emergency or maintenance; without one it is shown')
  .description('the mode and why, or holds one; auto gives it back to the rule')
  .option('--for <duration>', 'until then only, e.g. 2h')
  .option('--reason <text>', 'why, for the audit')
  .option('--by <who>', 'who asks', user)
  .option('--json', 'for scripts')
  .action(
    run(async (mode: string | undefined, options: ModeOptions) => {
      const { runMode } = await import('./commands/mode.js');
      return runMode(configPath(), mode, options);
    }),
  );
program
  .command('maintenance')
  .argument('<on|off>')
  .description('no notifications and no automatic actions for a time; detection goes on')
  .option('--for <duration>', 'how long, e.g. 2h')
  .option('--reason <text>', 'why, for the audit')
  .option('--by <who>', 'who asks', user)
  .option('--json', 'for scripts')
  .action(
    run(async (position: string, options: ModeOptions) => {
      const { runMaintenance } = await import('./commands/mode.js');
      return runMaintenance(configPath(), position, options);
    }),
  );
const silence = program
  .command('silence')
  .description('mutes alerts; detection and recovery go on');
silence
  .command('add')
  .argument('<matcher...>', 'service=chat, replica=~engine-[12], severity!=minor, …')
  .description('mutes the alerts that match all of them')
  .requiredOption('--for <duration>', 'how long, e.g. 1h')
  .requiredOption('--reason <text>', 'why')
  .option('--by <who>', 'whom to ask about it', user)
  .option('--json', 'for scripts')
  .action(
    run(
      async (
        matchers: string[],
        options: { for: string; reason: string; by: string; json?: boolean },
      ) => {
        const { addSilence } = await import('./commands/silence.js');
        return addSilence(configPath(), matchers, options);
      },
    ),
  );
silence
  .command('list')
  .description('the silences in force')
  .option('--json', 'for scripts')
  .action(
    run(async (options: { json?: boolean }) => {
      const { listSilences } = await import('./commands/silence.js');
      return listSilences(configPath(), options);
    }),
  );
silence
  .command('remove')
  .argument('<id>')
  .description('ends a silence')
  .option('--json', 'for scripts')
  .action(
    run(async (id: string, options: { json?: boolean }) => {
      const { removeSilence } = await import('./commands/silence.js');
      return removeSilence(configPath(), id, options);
    }),
  );
program
  .command('alerts')
  .description('what was worth telling, newest first, and what became of it')
  .option('--incident <id>', 'only of that incident')
  .option('--limit <n>', 'how many', '20')
  .option('--json', 'for scripts')
  .action(
    run(async (options: { incident?: string; limit: string; json?: boolean }) => {
      const { listAlerts } = await import('./commands/alerts.js');
      return listAlerts(configPath(), options);
    }),
  );

const notify = program.command('notify').description('the ways to tell people');
notify
  .command('test')
  .argument('[channel]', 'default: all')
  .description('sends a test notification, and says whether it arrived')
  .option('--by <who>', 'who asks', process.env['USER'] ?? 'operator')
  .option('--json', 'for scripts')
  .action(
    run(async (channel: string | undefined, options: { by: string; json?: boolean }) => {
      const { testNotify } = await import('./commands/notify.js');
      return testNotify(configPath(), channel, options);
    }),
  );

program
  .command('breakers')
  .description('circuit breakers that are not closed, or count failures')
  .option('--all', 'the closed ones too')
  .option('--json', 'for scripts')
  .action(
    run(async (options: { all?: boolean; json?: boolean }) => {
      const { listBreakers } = await import('./commands/breakers.js');
      return listBreakers(configPath(), options);
    }),
  );
program
  .command('breaker')
  .argument('<open|close|isolate>')
  .argument('<id>', 'the breaker, e.g. chat/engine-2 or kv_cache:chat:engine-2')
  .description('keeps requests away for a while, lets them in, or keeps them away until closed')
  .option('--reason <text>', 'why, for the audit')
  .option('--by <who>', 'who asks', process.env['USER'] ?? 'operator')
  .option('--json', 'for scripts')
  .action(
    run(
      async (
        order: string,
        id: string,
        options: { by: string; reason?: string; json?: boolean },
      ) => {
        const { orderBreaker } = await import('./commands/breakers.js');
        return orderBreaker(configPath(), order, id, options);
      },
    ),
  );

program
  .command('fault')
  .argument('[name]', 'the fault; without one, those that there are are listed')
  .argument('[replica]', 'where it applies to one replica')
  .description('injects a fault into the reference fleet; `fault clear` ends all')
  .option('--for <duration>', 'ends by itself after this time, e.g. 60s')
  .option('--json', 'for scripts')
  .action(
    run(
      async (
        name: string | undefined,
        replica: string | undefined,
        options: { for?: string; json?: boolean },
      ) => {
        const { runFault } = await import('./commands/fault.js');
        return runFault(configPath(), name, replica, options);
      },
    ),
  );

program
  .command('drill')
  .argument('[fault...]', 'which faults; see `paramedic fault`')
  .description('breaks the reference fleet on purpose and measures what comes of it')
  .option('--all', 'every fault, one after the other')
  .option('--times <n>', 'how often each', '1')
  .option('--replica <name>', 'always this replica, instead of each in turn')
  .option('--within <duration>', 'how long a fault is left to paramedic', '3m')
  .option('--calm <duration>', 'how long all must be calm before', '20s')
  .option('--quiet-within <duration>', 'how long calm is waited for', '5m')
  .option('--approve', 'approves what waits for approval')
  .option('--json', 'for scripts, and for trends')
  .action(
    run(async (names: string[], options: DrillOptions) => {
      const { runDrills } = await import('./commands/drill.js');
      return runDrills(configPath(), names, options);
    }),
  );

const rca = program
  .command('rca')
  .argument('[incident]')
  .description('the root cause report of an incident')
  .option('--json', 'for scripts')
  .action(
    run(async (id: string | undefined, options: { json?: boolean }) => {
      if (id === undefined)
        throw new InvalidArgumentError('expected an incident, or `rca rank FILE…`');
      const { showReport } = await import('./commands/rca.js');
      return showReport(configPath(), id, options);
    }),
  );
rca
  .command('rank')
  .argument('<file...>')
  .description('ranks the root causes of recorded cases (.json, .json.gz); a JSON line each')
  .action(
    run(async (files: string[]) => {
      const { runRcaRank } = await import('./commands/rca-rank.js');
      await runRcaRank(files, process.stdout);
      return 0;
    }),
  );

program
  .command('recommendations')
  .argument('[decision]', 'accept, done, dismiss or reopen; without one they are listed')
  .argument('[id]', 'the recommendation')
  .description('what reports ask people to do, and what became of it')
  .option('--state <state>', 'open, accepted, done, dismissed or all', 'open')
  .option('--limit <n>', 'how many', '50')
  .option('--reason <text>', 'why, for the audit')
  .option('--by <who>', 'who decides', process.env['USER'] ?? 'operator')
  .option('--json', 'for scripts')
  .action(
    run(
      async (
        decision: string | undefined,
        id: string | undefined,
        options: { state: string; limit: string; by: string; reason?: string; json?: boolean },
      ) => {
        const { recommendations } = await import('./commands/recommendations.js');
        return recommendations(configPath(), decision, id, options);
      },
    ),
  );

program
  .command('thresholds')
  .argument('[what]', 'suggest: tolerances that the history speaks for; accept: takes one over')
  .argument('[name]', 'of the threshold to accept the suggestion for')
  .description('the thresholds in force, and which of them the API changed')
  .option('--json', 'for scripts')
  .option('--by <who>', 'who accepts, for the audit', process.env['USER'] ?? 'operator')
  .action(
    run(
      async (
        what: string | undefined,
        name: string | undefined,
        options: { json?: boolean; by: string },
      ) => {
        const { acceptThreshold, listThresholds, suggestThresholds } =
          await import('./commands/thresholds.js');
        if (what === undefined) return listThresholds(configPath(), options);
        if (what === 'suggest') return suggestThresholds(configPath(), options);
        if (what === 'accept' && name !== undefined) {
          return acceptThreshold(configPath(), name, options);
        }
        process.stderr.write(
          'expected `thresholds`, `thresholds suggest` or `thresholds accept NAME`\n',
        );
        return 2;
      },
    ),
  );
program
  .command('reload')
  .description('the detector reads the thresholds of its configuration again, all or none')
  .option('--drop-changes', 'takes back what the API changed')
  .option('--by <who>', 'who asks', process.env['USER'] ?? 'operator')
  .action(
    run(async (options: { dropChanges?: boolean; by: string }) => {
      const { reloadThresholds } = await import('./commands/thresholds.js');
      return reloadThresholds(configPath(), options);
    }),
  );
program
  .command('anomaly')
  .description('reads timestamp,value lines and prints an anomaly score in [0,1] for each')
  .action(
    run(async () => {
      const { runAnomaly } = await import('./commands/anomaly.js');
      await runAnomaly(process.stdin, process.stdout);
      return 0;
    }),
  );
program
  .command('backtest')
  .description('replays recorded samples through the evaluation; a JSON line per event')
  .requiredOption('--input <file>', 'CSV or JSON lines with time, metric, value, optional replica')
  .option('--config <file>', 'whose thresholds to use')
  .action(
    run(async ({ input, config }: { input: string; config?: string }) => {
      const { backtestFile } = await import('./commands/backtest-file.js');
      await backtestFile(config ?? configPath(), input);
      return 0;
    }),
  );

await program.parseAsync();
