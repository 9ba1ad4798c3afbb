import type { z } from 'zod';
import type { MetricHistory } from '../../domain/ports.js';

/** A history that holds connections. */
interface ClosableHistory extends MetricHistory {
  close(): Promise<void>;
}

/** One kind of history: the plug-in's contract. `create` does no I/O. */
export interface HistoryKind<Schema extends z.ZodType = z.ZodType> {
  /** The config's `kind`, unique among histories. */
  readonly kind: string;
  /** Of its settings, without `kind`; strict. */
  readonly schema: Schema;
  create(settings: z.output<Schema>): ClosableHistory;
}
