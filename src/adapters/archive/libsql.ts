import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import type { Row, SqlDatabase, Statement } from './sql/database.js';
import { pendingMigrations, VERSIONS_TABLE } from './sql/migrations.js';
import { sqlArchive } from './sql/sql-archive.js';

const schema = z.strictObject({
  kind: z.literal('libsql'),
  /** The database file; its folder is created. `:memory:` forgets everything at the end. */
  path: z.string().min(1).default('.paramedic/archive.db'),
});

/** A server that was just stopped or killed lets go of its file within this time. */
const LOCK_WAIT_MS = 3_000;
const LOCK_POLL_MS = 50;

/**
 * The embedded archive: one file, owned by one process as long as it is open.
 *
 * A write is on the disk when its promise is fulfilled. Calls block the event loop for as long as they
 * take (about the time of one fsync for a write).
 *
 * @throws AdapterError from `create`: `unreachable` if another process holds the file for 3 s or the
 * folder can't be written, `rejected` if it is no database or a newer release wrote it.
 */
export const libsqlArchive = {
  kind: 'libsql',
  schema,
  create: async (config: z.output<typeof schema>): Promise<Archive> =>
    sqlArchive(await openDatabase(config.path)),
} as const;

async function openDatabase(file: string): Promise<SqlDatabase> {
  const isFile = file !== ':memory:';
  const endAtMs = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      if (isFile) mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
      return open(file, isFile);
    } catch (cause) {
      if (codeOf(cause).startsWith('SQLITE_BUSY')) {
        if (Date.now() < endAtMs) {
          await sleep(LOCK_POLL_MS);
          continue;
        }
        throw new AdapterError(
          'unreachable',
          `archive ${file}: another process has it open; only the server role opens the file, let the others use kind "remote", or give this server its own archive.path`,
          { cause },
        );
      }
      throw failure(file, cause);
    }
  }
}

function open(file: string, isFile: boolean): SqlDatabase {
  const db = new Database(file);
  try {
    // Exclusive before WAL: the log then needs no shared memory, and a second process is refused
    // instead of two writers waiting for each other.
    db.pragma('locking_mode = EXCLUSIVE');
    if (isFile) db.pragma('journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    migrate(db);
    // Timelines and captured logs are not for every user of the machine.
    if (isFile) chmodSync(file, 0o600);
    return adapt(db, file, isFile);
  } catch (error) {
    release(db, isFile);
    throw error;
  }
}

/**
 * Closes for good. libsql lets go of a file only when the last prepared statement was collected as
 * garbage; leaving WAL and exclusive locking gives the lock up at once, and the log's content goes
 * into the database. That fails only where the file was never ours, or can't be written any more; the
 * log then stays beside it, for the next opening.
 */
function release(db: Database.Database, isFile: boolean): void {
  try {
    if (isFile) {
      db.pragma('journal_mode = DELETE');
      db.pragma('locking_mode = NORMAL');
      // The lock goes with the next access.
      db.prepare<[]>('SELECT COUNT(*) FROM sqlite_master').all();
    }
  } catch (error) {
    if (!codeOf(error).startsWith('SQLITE_')) throw error;
  } finally {
    db.close();
  }
}

function migrate(db: Database.Database): void {
  inTransaction(db, () => {
    db.exec(VERSIONS_TABLE);
    const [row] = db
      .prepare<[]>('SELECT COALESCE(MAX(version), 0) AS version FROM schema_versions')
      .all() as [{ version: number }];
    for (const { version, statements } of pendingMigrations(row.version)) {
      for (const statement of statements) db.exec(statement);
      db.prepare('INSERT INTO schema_versions (version) VALUES (?1)').run([version]);
    }
  });
}

/** No await may stand inside: a statement of another caller would slip into the transaction. */
function inTransaction<T>(db: Database.Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some failures, such as a full disk.
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function adapt(db: Database.Database, file: string, isFile: boolean): SqlDatabase {
  // Async, so that a failure is a rejected promise, never an exception of the call itself.
  const guarded = async <T>(work: () => T): Promise<T> => {
    try {
      if (!db.open) throw new Error('it was closed');
      return await Promise.resolve(work());
    } catch (error) {
      throw failure(file, error);
    }
  };
  const prepare = (statement: Statement) => db.prepare(statement.sql.replace(/\$(\d)/g, '?$1'));
  return {
    query: (statement) => guarded(() => prepare(statement).all([...statement.binds]) as Row[]),
    write: (statements) =>
      guarded(() =>
        inTransaction(db, () =>
          statements.map((statement) => prepare(statement).run([...statement.binds]).changes),
        ),
      ),
    close: async () => {
      if (db.open) await guarded(() => release(db, isFile));
    },
  };
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** What a retry can't mend is `rejected`: a broken file, a rule of the schema, a newer schema. */
function failure(file: string, cause: unknown): AdapterError {
  const code = codeOf(cause);
  const isFinal = /^SQLITE_(CONSTRAINT|CORRUPT|NOTADB|MISMATCH|TOOBIG|ERROR|RANGE|MISUSE)/.test(
    code,
  );
  const reason: AdapterErrorReason =
    isFinal || cause instanceof RangeError ? 'rejected' : 'unreachable';
  const words = cause instanceof Error ? cause.message : String(cause);
  return new AdapterError(reason, `archive ${file}: ${words}${code && ` (${code})`}`, { cause });
}
