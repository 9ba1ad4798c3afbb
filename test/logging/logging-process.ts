// Logs 500 lines and then ends as told: killed, or with code 7 if it lived to the end. Started by logging.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/logging.js';

const log = createLogger({ role: 'probe', level: 'info' });
const isOrphan = process.argv[2] === 'orphan';
// Long enough for the parent to close its end of the pipe.
if (isOrphan) await sleep(300);
for (let n = 0; n < 500; n++) log.info({ n, filler: 'x'.repeat(50) }, 'line');
if (isOrphan) {
  await sleep(50);
  process.exit(7);
}
process.kill(process.pid, 'SIGKILL');
