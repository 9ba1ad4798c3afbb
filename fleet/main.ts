import { PortBusyError } from './base/listen.js';
import { parseOptions, type FleetOptions } from './supervisor/options.js';
import { startFleet } from './supervisor/supervisor.js';

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof PortBusyError ? { port: error.port, flag: error.flag } : {};
  process.stderr.write(`${JSON.stringify({ event: 'error', message, ...detail })}\n`);
  process.exit(1);
}

async function main(options: FleetOptions): Promise<void> {
  const fleet = await startFleet(options);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    fleet.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A parent that was killed tells nobody; the end of the channel to it does.
  if (process.connected) process.on('disconnect', stop);
  if (options.exitsWithStdin) process.stdin.on('end', stop).resume();
  process.stdout.write(`${JSON.stringify(fleet.ready)}\n`);
}

try {
  main(parseOptions(process.argv.slice(2))).catch(fail);
} catch (error) {
  fail(error);
}
