import type { DrillOptions } from './drill.js';
import { USER, type Registration } from './registration.js';

/** Breakers, and what breaks the reference fleet on purpose: fault, drill. */
export function registerFleet({ program, run, configPath }: Registration): void {
  program
    .command('breakers')
    .description('circuit breakers that are not closed, or count failures')
    .option('--all', 'the closed ones too')
    .option('--json', 'for scripts')
    .action(
      run(async (options: { all?: boolean; json?: boolean }) => {
        const { listBreakers } = await import('./breakers.js');
        return listBreakers(configPath(), options);
      }),
    );
  program
    .command('breaker')
    .argument('<open|close|isolate>')
    .argument('<id>', 'the breaker, e.g. chat/engine-2 or kv_cache:chat:engine-2')
    .description('keeps requests away for a while, lets them in, or keeps them away until closed')
    .option('--reason <text>', 'why, for the audit')
    .option('--by <who>', 'who asks', USER)
    .option('--json', 'for scripts')
    .action(
      run(
        async (
          order: string,
          id: string,
          options: { by: string; reason?: string; json?: boolean },
        ) => {
          const { orderBreaker } = await import('./breakers.js');
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
          const { runFault } = await import('./fault.js');
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
        const { runDrills } = await import('./drill.js');
        return runDrills(configPath(), names, options);
      }),
    );
}
