import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RcaCase } from '../../../src/domain/rca/rca-case.js';

/** Labelled incidents of real systems lie beside the checkout; they may not be copied into it. */
const labelledFolder = path.resolve(import.meta.dirname, '../../../../shared/data/rca');

/** Whether the labelled incidents are there; says so where they are not, so that a skip is seen. */
export const hasLabelledCases = existsSync(path.join(labelledFolder, 'truth.jsonl'));
if (!hasLabelledCases) {
  console.warn(`no labelled incidents in ${labelledFolder}: accuracy is not tested`);
}

export interface LabelledCase extends RcaCase {
  readonly source: string;
  readonly scenario: string;
  readonly culprit: string;
}

/** All labelled incidents with their culprits. */
export function readLabelledCases(): LabelledCase[] {
  const culprits = new Map<string, string>();
  for (const line of readFileSync(path.join(labelledFolder, 'truth.jsonl'), 'utf8').split('\n')) {
    if (line.trim() === '') continue;
    const row = JSON.parse(line) as { case: string; truth: { service: string } };
    culprits.set(row.case, row.truth.service);
  }
  const folder = path.join(labelledFolder, 'cases');
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const recorded = JSON.parse(
        gunzipSync(readFileSync(path.join(folder, file))).toString('utf8'),
      ) as Omit<LabelledCase, 'culprit'>;
      return { ...recorded, culprit: culprits.get(recorded.id) ?? '' };
    });
}
