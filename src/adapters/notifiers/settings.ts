import { z } from 'zod';
import {
  duration,
  readSecret,
  secretReference,
  type SecretReference,
} from '../actuators/settings.js';

/** Longest try: a worker's activity for it is given twice as long. */
const MAX_TIMEOUT_MS = 30_000;

/** For one try, from connecting to the last byte of the answer. */
export const timeout = duration
  .refine((ms) => ms <= MAX_TIMEOUT_MS, 'expected at most "30s"')
  .default(10_000);

/** An address that is no secret. */
export const url = z
  .string()
  .regex(/^https?:\/\/[^/?#\s]+\S*$/, 'expected a URL like "https://hooks.example.com/paramedic"');

/** An address that may be written down, or that is a secret by its path. */
export const urlOrSecret = z.union([url, secretReference], {
  error: 'expected a URL, or { env: NAME } or { file: PATH }',
});

/** The address, from where it is kept. @throws AdapterError `unauthorized` when it can't be read. */
export async function readUrl(given: string | SecretReference): Promise<string> {
  return typeof given === 'string' ? given : readSecret(given);
}
