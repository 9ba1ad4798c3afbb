// Writes to the archive until it is killed, and tells on stdout what was acknowledged. Started by crash.test.ts.
import { writeSync } from 'node:fs';
import { libsqlArchive } from '../../../src/adapters/archive/libsql.js';
import { auditRecord, incidentRecord, timelineEntry } from './records.js';

const [, , file = '', round = '0'] = process.argv;
const archive = await libsqlArchive.create({ kind: 'libsql', path: file });
for (let n = 0; ; n++) {
  const id = `round-${round}`;
  await archive.putIncident(incidentRecord({ id, revision: n + 1 }));
  await archive.putTimeline(
    [0, 1, 2].map((i) => timelineEntry({ incidentId: id, sequence: 3 * n + i })),
  );
  await archive.putAudit(auditRecord({ key: `${id}-${n}` }));
  // Synchronous: what was written before the kill is in the pipe.
  writeSync(1, `${n}\n`);
}
