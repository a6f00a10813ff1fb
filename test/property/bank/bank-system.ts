import pg from 'pg';
import { settle } from 'nestjs-tcc-testing';
import { createBankDatabases, startBank, type BankDatabases } from '../../support/bank/bank-app.js';
import { MortalBank } from './mortal-bank.js';
import { NorthPurse, PurseError, SouthPurse } from './purse.participants.js';
import type { Side } from './script.js';
import type { Transfer } from './transfer.js';

/** What each owner begins with, in each bank. */
export const FUNDS = 1_000_000;

export interface TransactionRow {
  readonly xid: string;
  readonly status: string;
  readonly outcomes: string | null;
  readonly parked: number;
}

export interface Wallets {
  readonly balance: number;
  readonly held: number;
  readonly gone: number;
  readonly holds: number;
}

/** Two places for instances on one ledger, and a look at everything that is durable. */
export class BankSystem {
  readonly places: (MortalBank | undefined)[] = [undefined, undefined];
  private readonly burials: Promise<void>[] = [];
  /** By owner. */
  private readonly transfers = new Map<string, Transfer>();

  private constructor(
    readonly databases: BankDatabases,
    private readonly pools: Record<'ledger' | Side, pg.Pool>,
  ) {}

  static async create(): Promise<BankSystem> {
    const databases = await createBankDatabases();
    // makes the tables
    await (await startBank(databases, {}, [NorthPurse, SouthPurse])).close();
    const pool = (name: 'ledger' | Side): pg.Pool =>
      new pg.Pool({ connectionString: databases[name].url, max: 3 }).on('error', () => undefined);
    return new BankSystem(databases, { ledger: pool('ledger'), north: pool('north'), south: pool('south') });
  }

  async query<Row extends pg.QueryResultRow>(
    where: 'ledger' | Side,
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return (await this.pools[where].query<Row>(sql, values)).rows;
  }

  async fund(owners: readonly string[]): Promise<void> {
    const sql = `insert into wallet (owner, balance, held, gone) select o, ${FUNDS}, 0, 0 from unnest($1::text[]) o`;
    await Promise.all((['north', 'south'] as const).map((side) => this.query(side, sql, [owners])));
  }

  /** The instance at a place; a new one where it has died. */
  async at(place: number): Promise<MortalBank> {
    const here = this.places[place];
    if (here && !here.dead) return here;
    if (here) this.burials.push(here.bury());
    const fresh = await MortalBank.start(this.databases);
    const fail = (owner: string): void => {
      const transfer = this.transfers.get(owner);
      if (transfer && transfer.failures-- > 0) throw new PurseError();
    };
    fresh.bank.hooks.inConfirm = fresh.bank.hooks.inCancel = fail;
    return (this.places[place] = fresh);
  }

  begin(transfer: Transfer, key: string | undefined): void {
    this.transfers.set(transfer.owner, transfer);
    transfer.start(key);
  }

  async transactions(xids: readonly string[]): Promise<Map<string, TransactionRow>> {
    const rows = await this.query<TransactionRow>(
      'ledger',
      `select t.xid, t.status, t.outcomes::text as outcomes, (select count(*) from tcc_branch b
         where b.xid = t.xid and b.parked_at is not null)::int as parked
       from tcc_transaction t where xid = any($1::uuid[])`,
      [xids],
    );
    return new Map(rows.map((row) => [row.xid, row]));
  }

  async wallets(side: Side, owners: readonly string[]): Promise<Map<string, Wallets>> {
    const rows = await this.query<Wallets & { owner: string }>(
      side,
      `select owner, balance, held, gone, (select count(*) from hold h where h.owner = w.owner)::int as holds
       from wallet w where owner = any($1)`,
      [owners],
    );
    return new Map(rows.map((row) => [row.owner, row]));
  }

  /** What is trying is past its deadline, by the ledger's clock. */
  async expireDeadlines(): Promise<readonly string[]> {
    const rows = await this.query<{ xid: string }>(
      'ledger',
      `update tcc_transaction set deadline = clock_timestamp(), due_at = clock_timestamp() where status = 'trying'
       returning xid`,
    );
    return rows.map(({ xid }) => xid);
  }

  /** What is being driven may be taken over. */
  async expireLeases(): Promise<void> {
    await this.query(
      'ledger',
      `update tcc_transaction set lease_until = case when lease_until is not null then clock_timestamp() end,
         due_at = clock_timestamp() where due_at is not null and status in ('confirming', 'cancelling')`,
    );
  }

  /** Everybody goes on to the end, and what nobody is left to do is recovered. */
  async finish(transfers: readonly Transfer[]): Promise<void> {
    for (const place of this.places) if (place && !place.dead) place.wake();
    for (const transfer of transfers) {
      while (!transfer.instance.dead && transfer.told === undefined) {
        transfer.go();
        await transfer.quiet();
      }
    }
    await this.expireDeadlines();
    await this.expireLeases();
    const xids = transfers.flatMap(({ xid }) => xid ?? []);
    await settle((await this.at(0)).bank.app, { timeoutMs: 20_000, xids });
    // whoever has died no longer matters, but holds timers in this process
    for (const transfer of transfers) transfer.go();
  }

  /** Nothing of these transfers is left but what is in the wallets. */
  async forget(transfers: readonly Transfer[]): Promise<void> {
    this.buryAll();
    for (const transfer of transfers) transfer.go();
    await this.query('ledger', 'delete from tcc_transaction');
  }

  async close(): Promise<void> {
    this.buryAll();
    await Promise.all(this.burials);
    await Promise.all(Object.values(this.pools).map((pool) => pool.end()));
    await this.databases.drop();
  }

  private buryAll(): void {
    for (const [place, instance] of this.places.entries()) {
      instance?.die();
      if (instance) this.burials.push(instance.bury());
      this.places[place] = undefined;
    }
  }
}
