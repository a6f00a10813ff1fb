import type { DataSource } from 'typeorm';

/** What one of the shop's databases holds. */
export interface Schema {
  /** Statements by version, from 1. Never changed once released; later versions are added at the end. */
  readonly migrations: readonly string[];
  /** What there must be at the start; run at each one, so it must leave alone what is there. */
  readonly seed?: string;
}

const MIGRATING = 7_324_002;

/** Brings a database up to date, in one transaction. Instances that start at once take turns. */
export async function migrate(dataSource: DataSource, { migrations, seed }: Schema): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.query('select pg_advisory_xact_lock($1)', [MIGRATING]);
    await manager.query('create table if not exists app_schema (version int primary key)');
    const [done] = await manager.query<{ version: number }[]>(
      'select coalesce(max(version), 0) as version from app_schema',
    );
    for (let version = (done?.version ?? 0) + 1; version <= migrations.length; version++) {
      await manager.query(migrations[version - 1]!);
      await manager.query('insert into app_schema (version) values ($1)', [version]);
    }
    if (seed !== undefined) await manager.query(seed);
  });
}
