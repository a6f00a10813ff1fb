import { SchemaError } from '../errors/schema.error.js';
import type { Migration } from './migration.js';

/** Runs SQL on ONE connection; without parameters the text may hold several statements. */
export type MigrationRunner = (sql: string, params?: unknown[]) => Promise<{ rows: unknown[] }>;

/**
 * Shared by both components, whose first step creates the same table: two `create table if not exists` at once can
 * fail on the catalogue's unique index instead of waiting for each other.
 */
const LOCK_ID = '7233120518034962771';

/** Where the versions of both components are recorded. */
export const CREATE_SCHEMA_TABLE = `create table if not exists tcc_schema (
  component text not null,
  version int not null,
  applied_at timestamptz not null default clock_timestamp(),
  primary key (component, version)
)`;

/**
 * Brings the tables of a component to the version that this library needs, or checks that they are there.
 *
 * Safe under any number of concurrent starts; running it again changes nothing. Each version commits with the row that
 * records it, so a start that dies in between goes on where it ended. Where nothing is to be done it only reads, so it
 * also works for a role that may not create tables.
 *
 * @param database how the user names it, for the error
 * @throws SchemaError when the schema is newer; in mode `check` also when it is missing or older
 */
export async function migrate(
  run: MigrationRunner,
  component: 'ledger' | 'barrier',
  migrations: readonly Migration[],
  mode: 'run' | 'check',
  database: string,
): Promise<void> {
  const needed = Math.max(0, ...migrations.map(({ version }) => version));
  const found = await versionOf(run, component);
  if (found > needed || (mode === 'check' && found < needed)) {
    throw new SchemaError(component, database, found, needed);
  }
  if (found === needed) return;
  for (const migration of migrations.toSorted((a, b) => a.version - b.version)) {
    await underMigrationLock(run, async () => {
      await run(CREATE_SCHEMA_TABLE);
      // Read again: another start may have been faster while this one waited for the lock.
      const reached = await versionOf(run, component);
      if (reached > needed) throw new SchemaError(component, database, reached, needed);
      if (reached >= migration.version) return;
      await run(migration.sql);
      await run('insert into tcc_schema (component, version) values ($1, $2)', [component, migration.version]);
    });
  }
}

/**
 * Runs `body` in one transaction that no other start of any component of this database runs beside.
 *
 * @throws what `body` throws, after ROLLBACK
 */
export async function underMigrationLock(run: MigrationRunner, body: () => Promise<void>): Promise<void> {
  // READ COMMITTED whatever the default: a snapshot older than the lock would not see what the previous holder did.
  await run('begin isolation level read committed');
  try {
    // A large table takes its time, and so does the last of many starts in the queue.
    await run('set local statement_timeout = 0; set local lock_timeout = 0');
    await run(`select pg_advisory_xact_lock(${LOCK_ID})`);
    await body();
    await run('commit');
  } catch (error) {
    // The connection may be what failed; the first error is the one to tell.
    await run('rollback').catch(() => undefined);
    throw error;
  }
}

async function versionOf(run: MigrationRunner, component: string): Promise<number> {
  const table = await run(`select to_regclass('tcc_schema') is not null as present`);
  if (!(table.rows as { present: boolean }[])[0]?.present) return 0;
  const { rows } = await run('select max(version)::int as version from tcc_schema where component = $1', [component]);
  return (rows as { version: number | null }[])[0]?.version ?? 0;
}
