import type { Migration } from '../../migrations/migration.js';

/**
 * The ledger's tables, for those who run migrations themselves. Records each version in `tcc_schema`, component
 * `ledger`, when run by nestjs-tcc; add that row yourself when you run them.
 *
 * Payloads are text: `jsonb` refuses `\u0000` and so fails the neighbours in its batch. Branches have no foreign key:
 * it would lock the parent a second time, in the order of the rows instead of the order of the xids.
 *
 * @publicApi
 */
export const ledgerMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
create table tcc_transaction (
  xid uuid primary key,
  service text not null,
  name text not null,
  key text,
  fingerprint text,
  status text not null,
  phase_order text not null,
  baggage text not null,
  created_at timestamptz not null,
  deadline timestamptz not null,
  decided_at timestamptz,
  settled_at timestamptz,
  outcomes text,
  result text,
  owner text,
  epoch int not null default 0,
  lease_until timestamptz,
  due_at timestamptz
);
create index tcc_transaction_due on tcc_transaction (service, due_at) where due_at is not null;
create unique index tcc_transaction_key on tcc_transaction (service, name, key)
  where key is not null and status in ('trying', 'confirming', 'confirmed');

create table tcc_branch (
  xid uuid not null,
  seq int not null,
  participant text not null,
  method text not null,
  kind text not null,
  args text not null,
  time_limit_ms float8,
  settled_at timestamptz,
  parked_at timestamptz,
  parked_because text,
  attempts int not null default 0,
  postponements int not null default 0,
  alerted boolean not null default false,
  due_at timestamptz,
  primary key (xid, seq)
);
create index tcc_branch_parked on tcc_branch (xid) where parked_at is not null and settled_at is null;

create table tcc_attempt (
  id uuid primary key,
  xid uuid not null,
  seq int not null,
  phase text not null,
  at timestamptz not null,
  duration_ms float8 not null,
  error_code text not null,
  error_message text not null,
  instance text not null
);
create index tcc_attempt_branch on tcc_attempt (xid, seq);

create table tcc_audit (
  id uuid primary key,
  at timestamptz not null,
  who text not null,
  action text not null,
  xid uuid not null,
  seq int,
  reason text
);
create index tcc_audit_transaction on tcc_audit (xid);
`,
  },
];
