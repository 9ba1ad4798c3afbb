/** What a bind may be: nothing else reaches a driver (libsql aborts the process on `true` or a Date). */
export type Bind = string | number | null;

/** One statement; `$1`, `$2`, … stand for the binds, each used in order of its first appearance. */
export interface Statement {
  readonly sql: string;
  readonly binds: readonly Bind[];
}

/** A row by column alias; values as the driver gives them, numbers as numbers. */
export type Row = Readonly<Record<string, unknown>>;

/** As much of a SQL database as the archive needs: what SQLite and Postgres have in common. */
export interface SqlDatabase {
  /** Reads. */
  query(statement: Statement): Promise<readonly Row[]>;
  /**
   * Runs all statements in one transaction, all or none, durable when the promise is fulfilled.
   * Returns how many rows each one changed.
   */
  write(statements: readonly Statement[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Collects binds and gives back their placeholders, for statements whose conditions vary. */
export class Binds {
  readonly values: Bind[] = [];

  /** Adds a bind and returns its placeholder. */
  add(value: Bind): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** Adds several and returns their placeholders as a list in parentheses. */
  tuple(values: readonly Bind[]): string {
    return `(${values.map((value) => this.add(value)).join(', ')})`;
  }
}
