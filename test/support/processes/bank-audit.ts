import pg from 'pg';
import type { BankDatabases } from '../bank/bank-app.js';
import { eventually } from '../eventually.js';

interface Wallets {
  readonly balance: number;
  readonly held: number;
  readonly gone: number;
}

/** What is left of the transactions of one owner, in all three databases. */
export interface Remains {
  readonly transactions: readonly { readonly xid: string; readonly status: string; readonly unsettled: number }[];
  readonly north: Wallets & { readonly holds: number };
  readonly south: Wallets & { readonly holds: number };
  /** Status by branch, of both banks. */
  readonly barriers: readonly string[];
}

/** Looks at what is durable, past every application. */
export class BankAudit {
  private constructor(
    private readonly ledger: pg.Pool,
    private readonly north: pg.Pool,
    private readonly south: pg.Pool,
  ) {}

  static of(databases: BankDatabases): BankAudit {
    const pool = (url: string): pg.Pool => {
      const made = new pg.Pool({ connectionString: url, max: 4 });
      made.on('error', () => undefined); // a test may cut its connections
      return made;
    };
    return new BankAudit(pool(databases.ledger.url), pool(databases.north.url), pool(databases.south.url));
  }

  async close(): Promise<void> {
    await Promise.all([this.ledger.end(), this.north.end(), this.south.end()]);
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.ledger.query<Row>(sql, values)).rows;
  }

  /** Gives an owner this much in each bank. */
  async fund(owner: string, north: number, south = north): Promise<void> {
    const sql = 'insert into wallet (owner, balance, held, gone) values ($1, $2, 0, 0)';
    await Promise.all([this.north.query(sql, [owner, north]), this.south.query(sql, [owner, south])]);
  }

  async remains(owner: string): Promise<Remains> {
    // an owner is the key of a keyed transaction and the first argument of every branch
    const transactions = await this.query<{ xid: string; status: string; unsettled: number }>(
      `select t.xid, t.status, (select count(*) from tcc_branch b where b.xid = t.xid and b.settled_at is null
           and t.settled_at is null)::int as unsettled
       from tcc_transaction t
       where t.key = $1 or exists (select 1 from tcc_branch b where b.xid = t.xid and b.args like $2) order by t.xid`,
      [owner, `["${owner}",%`],
    );
    const xids = transactions.map(({ xid }) => xid);
    const bank = async (pool: pg.Pool): Promise<{ wallet: Remains['north']; barriers: string[] }> => {
      const { rows } = await pool.query<Remains['north']>(
        `select balance, held, gone, (select count(*) from hold h where h.owner = w.owner)::int as holds
         from wallet w where owner = $1`,
        [owner],
      );
      const barriers = await pool.query<{ status: string }>('select status from tcc_barrier where xid = any($1)', [
        xids,
      ]);
      return { wallet: rows[0]!, barriers: barriers.rows.map(({ status }) => status) };
    };
    const [north, south] = await Promise.all([bank(this.north), bank(this.south)]);
    return {
      transactions,
      north: north.wallet,
      south: south.wallet,
      barriers: [...north.barriers, ...south.barriers],
    };
  }

  /** Resolves when no transaction of a service is open any more, not even one that is parked. */
  settled(service: string, withinMs?: number): Promise<void> {
    return eventually(async () => {
      const [row] = await this.query<{ open: number }>(
        'select count(*)::int as open from tcc_transaction where service = $1 and settled_at is null',
        [service],
      );
      if (row!.open > 0) throw new Error(`${row!.open} transactions are still open`);
    }, withinMs);
  }
}

/** What an owner began with and what the caller was told. */
export interface Expectation {
  readonly north?: number;
  readonly south?: number;
  readonly amount: number;
  /** Undefined: nobody lived to hear it. `either`: the caller was told that it is in doubt. */
  readonly told: 'confirmed' | 'cancelled' | 'either' | undefined;
}

/** Everything that is wrong with what is left of an owner's only transaction; empty: all is well. */
export function breaches(
  { transactions, north, south, barriers }: Remains,
  { north: funded = 100, south: fundedSouth = 100, amount, told }: Expectation,
): string[] {
  const found: string[] = [];
  const check = (holds: boolean, what: string): void => void (holds || found.push(what));
  const sum = ({ balance, held, gone }: Wallets): number => balance + held + gone;
  check(transactions.length <= 1, `${transactions.length} transactions`);
  check(sum(north) === funded && sum(south) === fundedSouth, 'money was made or lost');
  check(north.held === 0 && south.held === 0 && north.holds === 0 && south.holds === 0, 'something is still held');
  const [transaction] = transactions;
  const status = transaction?.status ?? 'cancelled'; // nothing was recorded: nothing can have taken effect
  check(status === 'confirmed' || status === 'cancelled', `it is ${status}`);
  check((transaction?.unsettled ?? 0) === 0 || status === 'confirmed' || status === 'cancelled', 'not settled');
  const gone = status === 'confirmed' ? amount : 0;
  check(north.gone === gone && south.gone === gone, `${status}, but ${north.gone} and ${south.gone} are gone`);
  const fitting = status === 'confirmed' ? ['confirmed'] : ['cancelled', 'suspended'];
  check(
    barriers.every((barrier) => fitting.includes(barrier)),
    `${status}, but barriers are ${barriers.join()}`,
  );
  if (told === 'confirmed' || told === 'cancelled')
    check(status === told, `the caller was told ${told}, it is ${status}`);
  return found;
}
