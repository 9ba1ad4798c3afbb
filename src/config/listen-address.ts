import { z } from 'zod';

/** A port that is listened on. */
export const port = z.int().min(1).max(65_535);
/** An address that is listened on; loopback unless configured. */
export const host = z.string().min(1).default('127.0.0.1');
