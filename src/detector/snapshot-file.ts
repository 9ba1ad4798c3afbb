import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { SeriesStore } from './series-store.js';

/**
 * Layout: magic, length of the header (uint32, little endian), header (JSON), padding to 8 bytes,
 * the columns as float64 (little endian, as every platform Node runs on), SHA-256 of all before.
 */
const MAGIC = Buffer.from('PMDSNAP1', 'latin1');
const DIGEST_BYTES = 32;

const headerSchema = z.object({
  savedAtMs: z.number(),
  series: z.array(
    z.object({
      service: z.string(),
      replica: z.string().optional(),
      metric: z.string(),
      count: z.int().min(0),
    }),
  ),
  extra: z.unknown().optional(),
});

/** What a snapshot held beside the samples. */
interface RestoredSnapshot {
  readonly savedAtMs: number;
  readonly samples: number;
  /** As given to `saveSnapshot`, from JSON. */
  readonly extra: unknown;
  /** Which file it was; `previous` when the newer one was torn. */
  readonly file: 'current' | 'previous';
}

/** A restored snapshot, if there was one, and what was wrong with those that could not be used. */
export interface RestoreResult {
  readonly snapshot: RestoredSnapshot | undefined;
  readonly problems: readonly string[];
}

/**
 * Saves all samples, and `extra` as JSON beside them. The state is taken at the call; then it is
 * written to a temporary file, synced, and renamed, and the one before is kept as `FILE.previous`:
 * at no instant can a crash leave less than one whole snapshot.
 */
export async function saveSnapshot(
  file: string,
  store: SeriesStore,
  savedAtMs: number,
  extra?: unknown,
): Promise<void> {
  const bytes = encode(store, savedAtMs, extra);
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(file, `${file}.previous`).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await rename(temporary, file);
  // The renames are durable only once the folder is.
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Loads the newest whole snapshot into `store`; a torn one is told and the previous one used. */
export async function restoreSnapshot(file: string, store: SeriesStore): Promise<RestoreResult> {
  const problems: string[] = [];
  for (const which of ['current', 'previous'] as const) {
    const name = which === 'current' ? file : `${file}.previous`;
    try {
      const bytes = await readFile(name);
      return { snapshot: { ...decode(bytes, store), file: which }, problems };
    } catch (error) {
      if (isMissing(error)) continue;
      problems.push(`snapshot ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { snapshot: undefined, problems };
}

function encode(store: SeriesStore, savedAtMs: number, extra: unknown): Buffer {
  const all = [...store.series()];
  const header = Buffer.from(
    JSON.stringify({
      savedAtMs,
      series: all.map(({ service, replica, metric, column }) => ({
        service,
        replica,
        metric,
        count: column.count,
      })),
      extra,
    }),
  );
  const headerEnd = MAGIC.length + 4 + header.length;
  const dataStart = Math.ceil(headerEnd / 8) * 8;
  const numbers = all.reduce((sum, { column }) => sum + 2 * column.count, 0);
  const bytes = Buffer.alloc(dataStart + 8 * numbers + DIGEST_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(header.length, MAGIC.length);
  header.copy(bytes, MAGIC.length + 4);
  const data = new Float64Array(numbers);
  let at = 0;
  for (const { column } of all) {
    column.writeTo(data.subarray(at, at + 2 * column.count));
    at += 2 * column.count;
  }
  Buffer.from(data.buffer).copy(bytes, dataStart);
  const body = bytes.subarray(0, -DIGEST_BYTES);
  createHash('sha256').update(body).digest().copy(bytes, body.length);
  return bytes;
}

function decode(bytes: Buffer, store: SeriesStore): Omit<RestoredSnapshot, 'file'> {
  const body = bytes.subarray(0, -DIGEST_BYTES);
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a snapshot');
  const digest = createHash('sha256').update(body).digest();
  if (!digest.equals(bytes.subarray(-DIGEST_BYTES))) throw new Error('torn: its checksum is wrong');
  const headerStart = MAGIC.length + 4;
  const headerEnd = headerStart + body.readUInt32LE(MAGIC.length);
  const { savedAtMs, series, extra } = headerSchema.parse(
    JSON.parse(body.toString('utf8', headerStart, headerEnd)),
  );
  let at = Math.ceil(headerEnd / 8) * 8;
  let samples = 0;
  for (const { service, replica, metric, count } of series) {
    const stored = store.open({ service, replica, metric });
    for (let i = 0; i < count && stored !== undefined; i += 1) {
      store.append(stored, body.readDoubleLE(at + 8 * i), body.readDoubleLE(at + 8 * (count + i)));
    }
    at += 16 * count;
    samples += count;
  }
  return { savedAtMs, samples, extra };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
