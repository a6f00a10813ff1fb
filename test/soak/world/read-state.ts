import { defaultPayloadCodec } from 'nestjs-tcc';
import type pg from 'pg';
import type {
  BarrierRow,
  BranchRow,
  ChangeRow,
  ChargeRow,
  FinalState,
  HoldRow,
  JournalRow,
  TransactionRow,
  WalletRow,
} from '../checker/state.js';
import { LEDGERS, type DatabaseName } from './topology.js';
import type { World } from './world.js';

const LEDGER_NAMES = Object.values(LEDGERS);
const BANKS = ['north', 'south', 'points'] as const;

/** Reads everything that is durable, past every application. */
export async function readState(world: World): Promise<FinalState> {
  const rows = async <Row extends pg.QueryResultRow>(database: DatabaseName, sql: string): Promise<Row[]> =>
    world.ask(world.url(database), async (client) => (await client.query<Row>(sql)).rows);
  const all = async <Row extends pg.QueryResultRow>(databases: readonly DatabaseName[], sql: string): Promise<Row[]> =>
    (await Promise.all(databases.map((name) => rows<Row>(name, sql.replaceAll('$database', `'${name}'`))))).flat();

  const transactions = await all<Omit<TransactionRow, 'confirms'> & { outcomes: string | null }>(
    LEDGER_NAMES,
    `select $database as ledger, xid, name, key, status, settled_at is not null as settled, outcomes, result,
       (extract(epoch from deadline) * 1000)::float8 as deadline from tcc_transaction order by xid`,
  );
  const branches = await all<Omit<BranchRow, 'orderId'> & { args: string }>(
    LEDGER_NAMES,
    `select xid, seq, participant, method, kind, args, parked_because as "parkedBecause" from tcc_branch order by xid, seq`,
  );
  return {
    transactions: transactions.map(({ outcomes, ...row }) => ({ ...row, confirms: confirmsOf(outcomes) })),
    branches: branches.map(({ args, ...row }) => ({ ...row, orderId: firstArgument(args) })),
    changes: await all<ChangeRow>(LEDGER_NAMES, 'select xid, was, became from soak_change order by id'),
    barriers: await all<BarrierRow>(BANKS, 'select $database as database, xid, seq, status from tcc_barrier'),
    journal: await all<JournalRow>(
      BANKS,
      `select $database as database, key, order_id as "orderId", entry, amount from journal order by id`,
    ),
    wallets: await all<WalletRow>(BANKS, 'select $database as database, owner, balance, held, incoming from wallet'),
    holds: await all<HoldRow>(BANKS, 'select $database as database, key from hold'),
    charges: await all<ChargeRow>(
      ['third'],
      `select key, order_id as "orderId", status, tries, captures, refunds,
         (extract(epoch from at) * 1000)::float8 as at from charge`,
    ),
  };
}

/** The transactions that are not settled, parked ones included; of all, or of these. */
export async function openTransactions(world: World, among?: readonly string[]): Promise<readonly string[]> {
  const open = await Promise.all(
    LEDGER_NAMES.map((name) =>
      world.ask(world.url(name), async (client) => {
        const sql =
          'select xid from tcc_transaction where settled_at is null and ($1::uuid[] is null or xid = any($1))';
        return (await client.query<{ xid: string }>(sql, [among ?? null])).rows.map(({ xid }) => xid);
      }),
    ),
  );
  return open.flat();
}

/** Every row about one transaction, for whoever has to find out what went wrong. */
export async function describeTransaction(world: World, xid: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const tell = async (database: DatabaseName, table: string, where: string, value: string): Promise<void> => {
    const found = await world.ask(world.url(database), (client) =>
      client.query<Record<string, unknown>>(`select * from ${table} where ${where}`, [value]),
    );
    for (const row of found.rows) lines.push(`${database}.${table} ${JSON.stringify(row)}`);
  };
  for (const ledger of LEDGER_NAMES) {
    for (const table of ['tcc_transaction', 'tcc_branch', 'tcc_attempt', 'soak_change'])
      await tell(ledger, table, 'xid = $1', xid);
  }
  for (const bank of BANKS) {
    await tell(bank, 'tcc_barrier', 'xid = $1', xid);
    for (const table of ['journal', 'hold']) await tell(bank, table, `key like $1 || ':%'`, xid);
  }
  await tell('third', 'charge', `key like $1 || ':%'`, xid);
  return lines;
}

const confirmsOf = (outcomes: string | null): Record<string, boolean> =>
  Object.fromEntries(
    Object.entries(JSON.parse(outcomes ?? '{}') as Record<string, { confirm: boolean }>).map(([seq, { confirm }]) => [
      seq,
      confirm,
    ]),
  );

function firstArgument(args: string): string {
  const [first] = defaultPayloadCodec.decode(args) as unknown[];
  return String(first);
}
