/** A page of records, newest first; `next` continues it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}
