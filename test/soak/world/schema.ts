import type { DatabaseName } from './topology.js';

const WALLETS = `
create table wallet (owner text primary key, balance int not null, held int not null default 0, incoming int not null default 0);
create table hold (key text primary key, owner text not null, amount int not null);
create table journal (
  id bigserial primary key, key text not null, order_id text not null, entry text not null, amount int not null,
  at timestamptz not null default clock_timestamp());`;

const CHARGES = `
create table charge (
  key text primary key, order_id text not null, amount int not null, status text not null,
  tries int not null default 0, captures int not null default 0, refunds int not null default 0,
  at timestamptz not null default clock_timestamp());`;

/** Every change of a transaction's status, as it is committed: a sample now and then would miss one. */
export const WATCH_LEDGER = `
create table if not exists soak_change (
  id bigserial primary key, xid uuid not null, was text not null, became text not null, owner text, epoch int not null,
  at timestamptz not null default clock_timestamp());
create or replace function soak_watch() returns trigger language plpgsql as $$
begin
  insert into soak_change (xid, was, became, owner, epoch)
  values (old.xid, old.status, new.status, new.owner, new.epoch);
  return null;
end $$;
create or replace trigger soak_watch after update on tcc_transaction
  for each row when (old.status is distinct from new.status) execute function soak_watch();`;

/** What applications keep, by database; the tables of nestjs-tcc are migrated by the instances. */
export const TABLES: Record<DatabaseName, string> = {
  bank_ledger: '',
  shop_ledger: '',
  north: WALLETS,
  south: WALLETS,
  points: WALLETS,
  third: CHARGES,
};
