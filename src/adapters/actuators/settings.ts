import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;

/**
 * A length of time as the config writes it (`500ms`, `2s`, `5m`), parsed to whole milliseconds.
 * Refuses 0, since no timeout here may be absent.
 */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,8}(ms|s|m)$/, 'expected a duration like "2s"')
  .transform((text) => {
    const unit = text.endsWith('ms') ? 'ms' : text.endsWith('s') ? 's' : 'm';
    return Number.parseInt(text, 10) * UNIT_MS[unit];
  });

/** Where a secret is kept: an environment variable or a file, never the config itself. */
export const secretReference = z.union([
  z.strictObject({ env: z.string().regex(/^\w+$/) }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type SecretReference = z.output<typeof secretReference>;

/**
 * Reads a secret, without surrounding white space. It is read anew for each use, so that a rotated
 * file (a projected Kubernetes token lives an hour) is picked up without a restart.
 *
 * @throws AdapterError `unauthorized` naming the variable or file, when it is missing or empty.
 */
export async function readSecret(reference: SecretReference): Promise<string> {
  if ('env' in reference) {
    const value = process.env[reference.env]?.trim() ?? '';
    if (value === '') {
      throw new AdapterError('unauthorized', `environment variable ${reference.env} is not set`);
    }
    return value;
  }
  try {
    const value = (await readFile(reference.file, 'utf8')).trim();
    if (value !== '') return value;
  } catch (cause) {
    throw new AdapterError('unauthorized', `secret file ${reference.file} can't be read`, {
      cause,
    });
  }
  throw new AdapterError('unauthorized', `secret file ${reference.file} is empty`);
}
