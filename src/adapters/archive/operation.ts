import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';

/** One method of the archive as it travels: what it takes, what it gives, and the call itself. */
export interface Operation<Input, Output> {
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly call: (archive: Archive, input: Input) => Promise<Output>;
}

/** One method, with its schemas. */
export const operation = <Input, Output>(
  input: z.ZodType<Input>,
  output: z.ZodType<Output>,
  call: (archive: Archive, input: Input) => Promise<Output>,
): Operation<Input, Output> => ({ input, output, call });

/** JSON leaves undefined fields out, and no result at all as well. */
export const nothing = z.undefined();
/** A number of records. */
export const count = z.int().min(0);
/** A page of records. */
export const page = <T extends z.ZodType>(item: T) =>
  z
    .object({ items: z.array(item), next: z.string().optional() })
    .transform(({ items, next }) => ({ items, next }));
/** Names one run of an incident. */
export const ofRun = z.object({ incidentId: z.string(), runId: z.string() });
/** Names an incident, or one run of it. */
export const ofIncident = z.object({ incidentId: z.string(), runId: z.string().optional() });
