import type { Registration } from './registration.js';

/** What runs for long: start, and the roles by themselves. */
export function registerRoles({ program, run, configPath }: Registration): void {
  program
    .command('start')
    .description(
      'runs everything on this machine: Temporal, the fleet of the configuration, the roles',
    )
    .option('--data-dir <folder>', 'where state is kept')
    .action(
      run(async ({ dataDir }: { dataDir?: string }) => {
        const { runStart } = await import('./start.js');
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
          const { runNamedRole } = await import('./roles.js');
          process.exit(await runNamedRole(role, config ?? configPath()));
        }),
      );
  }
}
