import type { ModeOptions } from './mode.js';
import { USER, type Registration } from './registration.js';

/** Who is told what, and what may act: kill switch, mode, maintenance, silences, alerts. */
export function registerMonitoring({ program, run, configPath }: Registration): void {
  program
    .command('kill-switch')
    .argument('<on|off>')
    .description('stops, or allows again, every action of every recovery')
    .option('--reason <text>', 'why, for the audit')
    .option('--by <who>', 'who asks', USER)
    .option('--json', 'for scripts')
    .action(
      run(async (position: string, options: { by: string; reason?: string; json?: boolean }) => {
        const { setKillSwitch } = await import('./kill-switch.js');
        return setKillSwitch(configPath(), position, options);
      }),
    );

  program
    .command('mode')
    .argument(
      '[mode]',
      'auto, normal, high-alert, emergency or maintenance; without one it is shown',
    )
    .description('the mode and why, or holds one; auto gives it back to the rule')
    .option('--for <duration>', 'until then only, e.g. 2h')
    .option('--reason <text>', 'why, for the audit')
    .option('--by <who>', 'who asks', USER)
    .option('--json', 'for scripts')
    .action(
      run(async (mode: string | undefined, options: ModeOptions) => {
        const { runMode } = await import('./mode.js');
        return runMode(configPath(), mode, options);
      }),
    );
  program
    .command('maintenance')
    .argument('<on|off>')
    .description('no notifications and no automatic actions for a time; detection goes on')
    .option('--for <duration>', 'how long, e.g. 2h')
    .option('--reason <text>', 'why, for the audit')
    .option('--by <who>', 'who asks', USER)
    .option('--json', 'for scripts')
    .action(
      run(async (position: string, options: ModeOptions) => {
        const { runMaintenance } = await import('./mode.js');
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
    .option('--by <who>', 'whom to ask about it', USER)
    .option('--json', 'for scripts')
    .action(
      run(
        async (
          matchers: string[],
          options: { for: string; reason: string; by: string; json?: boolean },
        ) => {
          const { addSilence } = await import('./silence.js');
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
        const { listSilences } = await import('./silence.js');
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
        const { removeSilence } = await import('./silence.js');
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
        const { listAlerts } = await import('./alerts.js');
        return listAlerts(configPath(), options);
      }),
    );

  const notify = program.command('notify').description('the ways to tell people');
  notify
    .command('test')
    .argument('[channel]', 'default: all')
    .description('sends a test notification, and says whether it arrived')
    .option('--by <who>', 'who asks', USER)
    .option('--json', 'for scripts')
    .action(
      run(async (channel: string | undefined, options: { by: string; json?: boolean }) => {
        const { testNotify } = await import('./notify.js');
        return testNotify(configPath(), channel, options);
      }),
    );
}
