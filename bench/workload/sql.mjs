/**
 * The business of a transfer: money leaves an account of `north` and arrives in one of `south`. `$1` is the account,
 * `$2` the amount. Each statement moves one row.
 */
export const TRANSFER = {
  north: {
    try: 'update account set balance = balance - $2, held = held + $2 where id = $1 and balance >= $2',
    confirm: 'update account set held = held - $2 where id = $1',
    cancel: 'update account set balance = balance + $2, held = held - $2 where id = $1',
  },
  south: {
    try: 'update account set held = held + $2 where id = $1',
    confirm: 'update account set balance = balance + $2, held = held - $2 where id = $1',
    cancel: 'update account set held = held - $2 where id = $1',
  },
};

/** The barrier by hand: the same row as nestjs-tcc's, moved by the same statements, with parameters. `$1` xid, `$2` seq. */
export const BARRIER = {
  try: `insert into hand_barrier (xid, seq, status) values ($1, $2, 'tried')`,
  confirm: `update hand_barrier set status = 'confirmed' where xid = $1 and seq = $2 and status = 'tried'`,
};

const columns = `(
  xid uuid not null,
  seq int not null,
  status text not null,
  created_at timestamptz not null default now(),
  primary key (xid, seq)
)`;

/** Accounts on each side. */
export const ACCOUNTS = 10_000;

/** Amount of every transfer. */
export const AMOUNT = 1;

/** What one side's database starts with. */
export const PARTICIPANT_SCHEMA = `
  create table account (id int primary key, balance bigint not null, held bigint not null default 0);
  insert into account select id, 1000000000 from generate_series(1, ${ACCOUNTS}) id;
  create table hand_barrier ${columns}`;

/** The ledger of the naive mode: one row for a transaction and one for each branch. */
export const NAIVE_LEDGER_SCHEMA = `
  create table naive_transaction (
    xid uuid primary key,
    name text not null,
    status text not null,
    created_at timestamptz not null default now(),
    due_at timestamptz
  );
  create index naive_due on naive_transaction (due_at) where due_at is not null;
  create table naive_branch (
    xid uuid not null,
    seq int not null,
    status text not null,
    args text not null,
    primary key (xid, seq)
  )`;
