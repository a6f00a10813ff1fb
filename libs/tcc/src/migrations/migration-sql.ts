import { barrierMigrations } from '../barrier/barrier-migrations.js';
import { ledgerMigrations } from '../ledger/postgres/ledger-migrations.js';
import { CREATE_SCHEMA_TABLE } from './migrator.js';

const MIGRATIONS = { ledger: ledgerMigrations, barrier: barrierMigrations };

/**
 * The SQL that brings the tables of a component to the version that this library needs, for those who run migrations
 * themselves (`migrations: 'check'`): one transaction, to be run once, in the schema where the tables belong.
 *
 * @param from version that is there already; default 0: none
 * @publicApi
 */
export function migrationSql(component: 'ledger' | 'barrier', from = 0): string {
  const steps = MIGRATIONS[component]
    .filter(({ version }) => version > from)
    .map(
      ({ version, sql }) =>
        `${sql.trim()};\ninsert into tcc_schema (component, version) values ('${component}', ${version});`,
    );
  return ['begin;', `${CREATE_SCHEMA_TABLE};`, ...steps, 'commit;', ''].join('\n');
}
