/** The calls that change a fleet, as its ports name them. */
export type Effect =
  'setWeight' | 'setAdmin' | 'restart' | 'scale' | 'activate' | 'resetPrefixCache' | 'setPaused';

/** What a worker of these tests is told, `crash-worker-process.ts` as JSON in its only argument. */
export interface CrashWorkerSettings {
  /** Temporal's `host:port`. */
  readonly address: string;
  readonly taskQueue: string;
  /** Of the workflow bundle. */
  readonly codePath: string;
  /** `host:port` of the gateway's runtime commands. */
  readonly runtime: string;
  /** Base URL of the fleet's supervisor. */
  readonly supervisor: string;
  /** Base URLs of the engines by name. */
  readonly engines: Readonly<Record<string, string>>;
  /** The replica whose samples there are; undefined for the service. */
  readonly judged?: string;
  /** Relative to its first effect of that kind; `sleeps` stops right before its first fence. */
  readonly dies:
    | { readonly moment: 'before' | 'during' | 'after'; readonly effect: Effect }
    | 'sleeps'
    | 'never';
}
