import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { analyse } from '../../src/domain/rca/analyse.js';
import { reportBody } from '../../src/server/report-schema.js';
import { evidenceOf, FAULTS } from '../domain/rca/synthetic-fleet.js';

const SCHEMA = path.resolve(import.meta.dirname, '../../docs/report.schema.json');

describe('the schema of a report', () => {
  it.each(FAULTS)(
    'takes the report of $name as it is archived, and nothing is left over',
    (fault) => {
      const report: unknown = JSON.parse(JSON.stringify(analyse(evidenceOf(fault, 1))));
      expect(reportBody.parse(report)).toEqual(report);
    },
  );

  it('takes a report of nothing but an incident', () => {
    const bare = { ...evidenceOf(FAULTS[0]!, 1), series: [], topology: [] };
    const report: unknown = JSON.parse(JSON.stringify(analyse(bare)));
    expect(reportBody.parse(report)).toEqual(report);
  });

  it('is documented as it is: `vitest -u` writes docs/report.schema.json anew', async () => {
    const schema = z.toJSONSchema(reportBody, { io: 'output' });
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(SCHEMA);
  });
});
