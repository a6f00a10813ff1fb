import pg from 'pg';
import { databaseUrl, type DatabaseServer } from '../../../shared/src/database/database-server.js';

/** One row of `stock`. */
export interface StockRow {
  readonly sku: string;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
}

/** One row of `account`, in cents. */
export interface AccountRow {
  readonly customer: string;
  readonly balance: number;
  readonly held: number;
  readonly captured: number;
}

/** One row of `orders`. */
export interface OrderRow {
  readonly id: string;
  readonly xid: string;
  readonly customer: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly total: number;
  readonly status: string;
}

/** One row of the ledger. */
export interface TransactionRow {
  readonly xid: string;
  readonly name: string;
  readonly status: string;
}

/** What the three databases hold, read past the shop. A database that is away holds nothing that anybody could see. */
export interface Snapshot {
  readonly stock: readonly StockRow[] | undefined;
  readonly accounts: readonly AccountRow[] | undefined;
  readonly orders: readonly OrderRow[];
  readonly transactions: readonly TransactionRow[];
  /** Rows of `stock_hold` and `account_hold`. */
  readonly holds: number;
  /** Branches that an operator has to look at. */
  readonly parked: number;
}

/** Runs one query on one of the shop's databases. */
export async function readRows<Row>(server: DatabaseServer, database: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl(server, database), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

const STOCK = `select sku, available, reserved, sold from stock order by sku`;
const ACCOUNTS = `select customer, balance::float8, held::float8, captured::float8 from account order by customer`;
const ORDERS = `select id, xid, customer, items, total::float8, status from orders order by created_at, id`;
const TRANSACTIONS = `select xid, name, status from tcc_transaction order by created_at, xid`;
const PARKED = `select xid from tcc_branch where parked_at is not null and settled_at is null`;

/** Reads all of it. Not at one moment: three databases have none in common. */
export async function takeSnapshot(server: DatabaseServer): Promise<Snapshot> {
  const away = (): undefined => undefined;
  const [stock, accounts, orders, transactions, parked, stockHolds, accountHolds] = await Promise.all([
    readRows<StockRow>(server, 'inventory', STOCK).catch(away),
    readRows<AccountRow>(server, 'payment', ACCOUNTS).catch(away),
    readRows<OrderRow>(server, 'shop', ORDERS),
    readRows<TransactionRow>(server, 'shop', TRANSACTIONS),
    readRows(server, 'shop', PARKED),
    readRows(server, 'inventory', 'select branch from stock_hold').catch(away),
    readRows(server, 'payment', 'select branch from account_hold').catch(away),
  ]);
  const holds = (stockHolds ?? []).length + (accountHolds ?? []).length;
  return { stock, accounts, orders, transactions, holds, parked: parked.length };
}
