import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { rankRootCauses } from '../domain/rca/rank.js';
import { caseToRankInput, type RcaCase } from '../domain/rca/rca-case.js';

const caseSchema = z.object({
  id: z.string().min(1),
  stepSeconds: z.number().positive(),
  incident: z.object({
    service: z.string(),
    metric: z.string(),
    startedAt: z.number(),
    kind: z.string(),
  }),
  topology: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
  series: z.array(
    z.object({
      service: z.string(),
      metric: z.string(),
      points: z.array(z.tuple([z.number(), z.number().nullable()])),
    }),
  ),
});

/**
 * `paramedic rca rank`: ranks recorded incidents, one JSON line each, in the order of `files`:
 * `{"case", "ranking": [{"service", "metric", "score"}…], "confident"}`, the likeliest cause first.
 *
 * Files are JSON cases, gzipped if their name ends in `.gz`. Lines are written as they are ready; rejects
 * with an `Error` that names the file which cannot be read or is no case, after the lines before it.
 */
export async function runRcaRank(files: string[], output: NodeJS.WritableStream): Promise<void> {
  for (const file of files) {
    const recorded = await readCase(file);
    const { ranking, confident } = rankRootCauses(caseToRankInput(recorded));
    await write(output, `${JSON.stringify({ case: recorded.id, ranking, confident })}\n`);
  }
}

async function readCase(file: string): Promise<RcaCase> {
  let parsed: unknown;
  try {
    const bytes = await readFile(file);
    parsed = JSON.parse(
      (file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8'),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: cannot be read as a JSON case: ${why}`, { cause: error });
  }
  const checked = caseSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new Error(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no case'}`, {
    cause: checked.error,
  });
}

function write(output: NodeJS.WritableStream, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(line, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
