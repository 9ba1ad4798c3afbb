import type { z } from 'zod';
import type { SliSample } from '../../domain/sla/samples.js';
import type { Exposition } from './exposition.js';
import type { SeriesTable } from './series-table.js';

/**
 * What a target is: an `engine` is a replica, and its silence the replica's; a `gateway` measures the
 * service and, by its server label, the replicas; an `exporter` (GPU, host) adds series to them.
 */
type TargetRole = 'engine' | 'gateway' | 'exporter';

/** Something that is asked for measurements again and again. */
export interface SourceTarget {
  /** Unique among all targets; holds no secret. */
  readonly id: string;
  readonly service: string;
  /** Undefined for what measures the service as a whole. */
  readonly replica: string | undefined;
  readonly role: TargetRole;
  /** Without user, password and query: fit for logs. */
  readonly url: string;
  readonly periodMs: number;
  readonly timeoutMs: number;
  /** Series that carry one of these labels with another value are not this service's. */
  readonly match: Readonly<Record<string, string>>;
  /** Replicas by their name in a `server` label, where that differs. */
  readonly replicaByServer: Readonly<Record<string, string>>;
}

/** What one poll found. */
export type Polled =
  | {
      readonly kind: 'exposition';
      /** Holds until this target's next poll. */
      readonly exposition: Exposition;
      readonly table: SeriesTable;
      readonly bytes: number;
    }
  | { readonly kind: 'samples'; readonly samples: readonly SliSample[]; readonly bytes: number }
  | { readonly kind: 'health'; readonly isHealthy: boolean; readonly detail: string };

/** A target and how to ask it. */
export interface Poller {
  readonly target: SourceTarget;
  /** What its polls give. */
  readonly kind: Polled['kind'];
  /**
   * Asks once; ends within the target's timeout, whatever the other side does.
   * @throws AdapterError with what went wrong; ExpositionError where the answer is no exposition.
   */
  poll(atMs: number): Promise<Polled>;
}

/** What several targets of one configured source share. */
export interface Source {
  readonly pollers: readonly Poller[];
  /** Frees connections; polls under way fail. */
  close(): Promise<void>;
}

/** What compose hands to a source beside its settings. */
interface SourceContext {
  /** Shared by all sources of a process. */
  readonly table: SeriesTable;
}

/** One kind of polled source: the plug-in's contract. `create` does no I/O. */
export interface SourceKind<Schema extends z.ZodType = z.ZodType> {
  /** The config's `kind`, unique among sources. */
  readonly kind: string;
  /** Of its settings, without `kind`; strict. */
  readonly schema: Schema;
  create(settings: z.output<Schema>, context: SourceContext): Source;
}
