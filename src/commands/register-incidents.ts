import { USER, type Registration } from './registration.js';

/** What is wrong, and what is done about it: status, incidents, watch, the orders, plan. */
export function registerIncidents({ program, run, configPath }: Registration): void {
  program
    .command('status')
    .description('what is watched, what is violated, what answers')
    .option('--json', 'for scripts')
    .action(
      run(async (options: { json?: boolean }) => {
        const { showStatus } = await import('./status.js');
        return showStatus(configPath(), options);
      }),
    );
  program
    .command('incidents')
    .description('incidents, newest first')
    .option('--state <state>', 'only those in that state, or `unresolved`')
    .option('--limit <n>', 'how many', '20')
    .option('--watch', 'the open ones, then a line for each change, until Ctrl-C')
    .option('--json', 'for scripts; with --watch a line per event')
    .action(
      run(async (options: { state?: string; limit: string; watch?: boolean; json?: boolean }) => {
        if (options.watch === true) {
          const { watch } = await import('./watch.js');
          return watch(configPath(), ['incident'], options, untilInterrupted());
        }
        const { listIncidents } = await import('./incidents.js');
        return listIncidents(configPath(), options);
      }),
    );
  program
    .command('watch')
    .argument('[kind...]', 'only incident, alert, report, breaker, mode or sla')
    .description('what is open, then a line for each change, live, until Ctrl-C')
    .option('--json', 'a line per event, with all of its resource')
    .action(
      run(async (kinds: string[], options: { json?: boolean }) => {
        const { watch } = await import('./watch.js');
        return watch(configPath(), kinds, options, untilInterrupted());
      }),
    );
  program
    .command('incident')
    .argument('<id>')
    .description('one incident: state, plan, steps, owed undos, timeline')
    .option('--json', 'for scripts')
    .action(
      run(async (id: string, options: { json?: boolean }) => {
        const { showIncident } = await import('./incidents.js');
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
      .option('--by <who>', 'who asks', USER)
      .option('--json', 'for scripts');
    if (name === 'abort') command.option('--keep', 'keeps what was changed');
    command.action(
      run(
        async (
          id: string,
          options: { reason?: string; by: string; keep?: boolean; json?: boolean },
        ) => {
          const { operate } = await import('./operate.js');
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
          const { listProcedures, showPlan } = await import('./plan.js');
          if (procedure === undefined) return listProcedures(configPath(), options);
          if (target !== undefined) return showPlan(configPath(), procedure, target, options);
          process.stderr.write(
            `expected a target: paramedic plan ${procedure} SERVICE[/REPLICA]\n`,
          );
          return 2;
        },
      ),
    );
}

/** Ends what is watched by Ctrl-C, as it should: with exit code 0. */
function untilInterrupted(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
  return ending.signal;
}
