import type { Migration } from '../migrations/migration.js';

/**
 * The barrier's schema in a participant's database, for those who run migrations themselves.
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
  status text not null check (status in ('tried', 'confirmed', 'cancelled', 'suspended')),
  created_at timestamptz not null default now(),
  primary key (xid, seq)
)`,
  },
];
