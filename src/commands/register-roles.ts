import { InvalidArgumentError } from 'commander';
import { readShardPlace, type ShardPlace } from '../domain/shards.js';
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

  program
    .command('detector')
    .description('runs the detector role: scrapes, evaluates, and starts incidents')
    .option('--config <file>', 'configuration')
    .option('--shard <n/of>', 'which of the detectors under detector.shards this is', placeOf)
    .action(
      run(async ({ config, shard }: { config?: string; shard?: ShardPlace }) => {
        const { runDetector } = await import('./roles.js');
        process.exit(await runDetector(config ?? configPath(), shard));
      }),
    );

  for (const [role, what] of [
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

function placeOf(text: string): ShardPlace {
  const place = readShardPlace(text);
  if (place === undefined) throw new InvalidArgumentError('expected a place like 2/4.');
  return place;
}
