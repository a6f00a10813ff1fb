import pg from 'pg';
import type { BankDatabases } from '../bank/bank-app.js';
import { breaches, type Expectation, type Remains } from '../processes/bank-audit.js';
import { AMOUNT } from '../processes/scenarios.js';

/** What a caller was told. */
export type Told = NonNullable<Expectation['told']>;

type Owned<T> = T & { readonly owner: string };
type Transaction = Remains['transactions'][number];
interface Bank {
  readonly wallets: ReadonlyMap<string, Remains['north']>;
  readonly barriers: ReadonlyMap<string, readonly string[]>;
}

const WALLETS = `
select owner, balance, held, gone, coalesce(h.holds, 0)::int as holds
from wallet left join (select owner, count(*) as holds from hold group by owner) h using (owner)`;

// An owner is the key of a keyed transaction and the first argument of every branch.
const TRANSACTIONS = `
select coalesce(t.key, b.owner) as owner, t.xid, t.status,
  (case when t.settled_at is null then coalesce(b.unsettled, 0) else 0 end)::int as unsettled
from tcc_transaction t left join (
  select xid, min(substring(args::text from '^\\["([^"]*)"')) as owner,
    count(*) filter (where settled_at is null) as unsettled
  from tcc_branch group by xid) b using (xid)`;

/** Looks at thousands of owners, each of whom had one transaction at most, in a handful of statements. */
export class BulkAudit {
  constructor(private readonly databases: Pick<BankDatabases, 'ledger' | 'north' | 'south'>) {}

  /** Gives `count` new owners 100 in each bank. @returns their names */
  async fund(prefix: string, count: number): Promise<string[]> {
    const sql = `insert into wallet (owner, balance, held, gone) select $1 || '-' || n, 100, 0, 0 from generate_series(1, $2::int) n`;
    for (const { url } of [this.databases.north, this.databases.south]) await rows(url, sql, [prefix, count]);
    return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
  }

  /** Everything that is wrong; empty: all ended as its caller was told. To an owner who was told nothing nothing may have happened. */
  async breaches(owners: readonly string[], told: ReadonlyMap<string, Told>): Promise<string[]> {
    const { ledger, north, south } = this.databases;
    const [transactions, ...banks] = await Promise.all([
      rows<Owned<Transaction>>(ledger.url, TRANSACTIONS),
      bankAt(north.url),
      bankAt(south.url),
    ]);
    const found: string[] = [];
    const recorded = new Set(transactions.map(({ xid }) => xid));
    for (const { barriers } of banks)
      for (const xid of barriers.keys())
        if (!recorded.has(xid)) found.push(`${xid} took effect without being recorded`);
    const byOwner = grouped(transactions, ({ owner }) => owner);
    for (const owner of owners) {
      const own = byOwner.get(owner) ?? [];
      const remains: Remains = {
        transactions: own.map(({ xid, status, unsettled }) => ({ xid, status, unsettled })),
        north: banks[0].wallets.get(owner)!,
        south: banks[1].wallets.get(owner)!,
        barriers: banks.flatMap(({ barriers }) => own.flatMap(({ xid }) => barriers.get(xid) ?? [])),
      };
      const wrong = breaches(remains, { amount: AMOUNT, told: told.get(owner) ?? 'cancelled' });
      if (wrong.length > 0) found.push(`${owner}: ${wrong.join('; ')} ${JSON.stringify(remains)}`);
    }
    return found;
  }
}

async function bankAt(url: string): Promise<Bank> {
  const wallets = await rows<Owned<Remains['north']>>(url, WALLETS);
  const barriers = await rows<{ xid: string; status: string }>(url, 'select xid, status from tcc_barrier');
  const statuses = new Map<string, string[]>();
  for (const [xid, found] of grouped(barriers, (row) => row.xid))
    statuses.set(
      xid,
      found.map(({ status }) => status),
    );
  return { wallets: new Map(wallets.map(({ owner, ...wallet }) => [owner, wallet])), barriers: statuses };
}

function grouped<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

async function rows<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
