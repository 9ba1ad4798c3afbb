import { InvalidArgumentError } from 'commander';
import { USER, type Registration } from './registration.js';

/** Causes, advice and thresholds: rca, recommendations, thresholds, reload, anomaly, backtest. */
export function registerAnalysis({ program, run, configPath }: Registration): void {
  const rca = program
    .command('rca')
    .argument('[incident]')
    .description('the root cause report of an incident')
    .option('--json', 'for scripts')
    .action(
      run(async (id: string | undefined, options: { json?: boolean }) => {
        if (id === undefined)
          throw new InvalidArgumentError('expected an incident, or `rca rank FILE…`');
        const { showReport } = await import('./rca.js');
        return showReport(configPath(), id, options);
      }),
    );
  rca
    .command('rank')
    .argument('<file...>')
    .description('ranks the root causes of recorded cases (.json, .json.gz); a JSON line each')
    .action(
      run(async (files: string[]) => {
        const { runRcaRank } = await import('./rca-rank.js');
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
    .option('--by <who>', 'who decides', USER)
    .option('--json', 'for scripts')
    .action(
      run(
        async (
          decision: string | undefined,
          id: string | undefined,
          options: { state: string; limit: string; by: string; reason?: string; json?: boolean },
        ) => {
          const { recommendations } = await import('./recommendations.js');
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
    .option('--by <who>', 'who accepts, for the audit', USER)
    .action(
      run(
        async (
          what: string | undefined,
          name: string | undefined,
          options: { json?: boolean; by: string },
        ) => {
          const { acceptThreshold, listThresholds, suggestThresholds } =
            await import('./thresholds.js');
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
    .option('--by <who>', 'who asks', USER)
    .action(
      run(async (options: { dropChanges?: boolean; by: string }) => {
        const { reloadThresholds } = await import('./thresholds.js');
        return reloadThresholds(configPath(), options);
      }),
    );
  program
    .command('anomaly')
    .description('reads timestamp,value lines and prints an anomaly score in [0,1] for each')
    .action(
      run(async () => {
        const { runAnomaly } = await import('./anomaly.js');
        await runAnomaly(process.stdin, process.stdout);
        return 0;
      }),
    );
  program
    .command('backtest')
    .description('replays recorded samples through the evaluation; a JSON line per event')
    .requiredOption(
      '--input <file>',
      'CSV or JSON lines with time, metric, value, optional replica',
    )
    .option('--config <file>', 'whose thresholds to use')
    .action(
      run(async ({ input, config }: { input: string; config?: string }) => {
        const { backtestFile } = await import('./backtest-file.js');
        await backtestFile(config ?? configPath(), input);
        return 0;
      }),
    );
}
