import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes JSON so that a crash leaves either the old file or the new one, never half of it. */
export function writeStateFile(file: string, value: unknown): void {
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, JSON.stringify(value));
  renameSync(temporary, file);
}

/**
 * Reads what `writeStateFile` wrote. Undefined when there is no file.
 * Throws with the file's name when it holds no JSON: silently starting afresh would
 * undo drains that somebody relies on.
 */
export function readStateFile(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`state file ${file} is damaged; remove it to start afresh`, { cause: error });
  }
}
