// A worker of the analysis that is killed in the middle of one; started by analysis-crash.test.ts.
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createRcaActivities } from '../../src/activities/diagnose.js';
import { libsqlArchive } from '../../src/adapters/archive/libsql.js';
import { analysisWorld, type AnalysisWorkerSettings } from './analysis-world.js';

const { address, archivePath } = JSON.parse(process.argv[2] ?? '{}') as AnalysisWorkerSettings;
Runtime.install({ logger: new DefaultLogger('ERROR') });
const archive = await libsqlArchive.create({ kind: 'libsql', path: archivePath });
const dying = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: 'rca',
  activities: createRcaActivities(analysisWorld(archive), dying, () => undefined),
});
process.stdout.write('ready\n');
await worker.run();
