import pg from 'pg';
import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import type { Row, SqlDatabase, Statement } from './sql/database.js';
import { pendingMigrations, VERSIONS_TABLE } from './sql/migrations.js';
import { sqlArchive } from './sql/sql-archive.js';

const schema = z.strictObject({
  kind: z.literal('postgres'),
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`; a secret. */
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected a URL like "postgres://user@host/database"'),
  /** Connections at most. Writes are small and rare: a few do, and a small server allows 100 in all. */
  maxConnections: z.int().min(1).max(100).default(4),
  /** Bound on connecting, and on one statement. */
  timeoutMs: z.int().min(100).default(10_000),
});

/** Any constant does, as long as every release takes the same one: one process migrates at a time. */
const MIGRATION_LOCK = 2_242_001;

/** SQLSTATEs and Node's error codes, by what they mean to a caller; everything else may work later. */
const REASONS: readonly (readonly [RegExp, AdapterErrorReason])[] = [
  [/^(28...|42501)$/, 'unauthorized'],
  [/^3D000$/, 'not-found'],
  [/^(57014|55P03|ETIMEDOUT)$/, 'timeout'],
  [/^(0A|22|23|42)...$/, 'rejected'],
];

/**
 * The archive in Postgres (12 or later): several processes may share one, each applies the missing
 * migrations when it opens, one at a time.
 *
 * @throws AdapterError from `create`, if the server can't be reached, refuses the credentials, or holds
 * a schema of a newer release.
 */
export const postgresArchive = {
  kind: 'postgres',
  schema,
  create: async (config: z.output<typeof schema>): Promise<Archive> =>
    sqlArchive(await openPool(config)),
} as const;

async function openPool(config: z.output<typeof schema>): Promise<SqlDatabase> {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.maxConnections,
    connectionTimeoutMillis: config.timeoutMs,
    statement_timeout: config.timeoutMs,
    // The server's own bound is of no use when the server is gone: this one is the client's.
    query_timeout: config.timeoutMs + 1_000,
    keepAlive: true,
    application_name: 'paramedic',
    // int8: counts and milliseconds, all far below 2^53, which pg would give as strings.
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? Number : (pg.types.getTypeParser(oid, format) as unknown),
    },
  });
  // An idle connection that breaks is replaced by the pool; without a listener it ends the process.
  pool.on('error', () => undefined);
  const db = adapt(pool);
  try {
    await migrate(pool);
    return db;
  } catch (error) {
    await db.close();
    throw failure(error);
  }
}

function migrate(pool: pg.Pool): Promise<void> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(VERSIONS_TABLE);
    const { rows } = await client.query<{ version: number }>(
      'SELECT COALESCE(MAX(version), 0) AS version FROM schema_versions',
    );
    for (const { version, statements } of pendingMigrations(rows[0]?.version ?? 0)) {
      for (const statement of statements) await client.query(statement);
      await client.query('INSERT INTO schema_versions (version) VALUES ($1)', [version]);
    }
  });
}

async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // A connection whose state is unknown is not used again; closing it rolls back.
    client.release(error instanceof Error ? error : true);
    throw error;
  }
}

function adapt(pool: pg.Pool): SqlDatabase {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw failure(error);
    }
  };
  const run = (db: pg.Pool | pg.PoolClient, statement: Statement) =>
    db.query<Record<string, unknown>>(statement.sql, [...statement.binds]);
  let closing: Promise<void> | undefined;
  return {
    query: (statement) => guarded(async (): Promise<Row[]> => (await run(pool, statement)).rows),
    write: (statements) =>
      guarded(async () => {
        const [only] = statements;
        // One statement is a transaction of its own: one round trip instead of three.
        if (only !== undefined && statements.length === 1) {
          return [(await run(pool, only)).rowCount ?? 0];
        }
        return inTransaction(pool, async (client) => {
          const changes: number[] = [];
          for (const statement of statements) {
            changes.push((await run(client, statement)).rowCount ?? 0);
          }
          return changes;
        });
      }),
    close: () => (closing ??= pool.end()),
  };
}

/** pg's messages name host and user, never the password; the URL itself is not repeated. */
function failure(cause: unknown): AdapterError {
  if (cause instanceof AdapterError) return cause;
  const given = (cause as { code?: unknown } | null)?.code;
  const code = typeof given === 'string' ? given : '';
  const first = cause instanceof AggregateError ? (cause.errors as unknown[])[0] : cause;
  const words = first instanceof Error ? first.message : String(first);
  const known = REASONS.find(([pattern]) => pattern.test(code))?.[1];
  const reason: AdapterErrorReason =
    known ??
    (cause instanceof RangeError ? 'rejected' : /timeout/i.test(words) ? 'timeout' : 'unreachable');
  return new AdapterError(reason, `archive in Postgres: ${words}${code && ` (${code})`}`, {
    cause,
  });
}
