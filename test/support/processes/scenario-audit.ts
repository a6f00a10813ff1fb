import pg from 'pg';
import type { BankDatabases } from '../bank/bank-app.js';
import { eventually } from '../eventually.js';
import { breaches, type Remains } from './bank-audit.js';
import type { Told } from './process-plan.js';
import { SCENARIO_TABLES } from './scenario-participants.js';
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios.js';

/** What is left of a scenario's transaction, past the banks as well. */
export interface ScenarioRemains extends Remains {
  readonly letters: number;
  /** What the third party has heard, in order. */
  readonly heard: readonly string[];
}

type Bank = Remains['north'] & { readonly owner: string };

const BANK = `select owner, balance, held, gone,
  (select count(*) from hold h where h.owner = w.owner)::int as holds from wallet w`;

// an owner is the key of a keyed transaction and the first argument of every branch
const TRANSACTIONS = `select coalesce(t.key, b.owner) as owner, t.xid, t.status,
    case when t.settled_at is null then coalesce(b.unsettled, 0) else 0 end::int as unsettled
  from tcc_transaction t left join (
    select xid, min(substring(args::text from '^\\["([^"]*)"')) as owner,
      count(*) filter (where settled_at is null) as unsettled from tcc_branch group by xid) b using (xid) order by xid`;

/** Looks at what is durable of many scenarios at once. */
export class ScenarioAudit {
  private constructor(
    private readonly ledger: pg.Pool,
    private readonly north: pg.Pool,
    private readonly south: pg.Pool,
  ) {}

  /** The schema of the banks and of the ledger is there already. */
  static async of(databases: BankDatabases): Promise<ScenarioAudit> {
    const pool = (url: string): pg.Pool => {
      const made = new pg.Pool({ connectionString: url, max: 2 });
      made.on('error', () => undefined); // the server may be gone before it
      return made;
    };
    const audit = new ScenarioAudit(pool(databases.ledger.url), pool(databases.north.url), pool(databases.south.url));
    await audit.north.query(SCENARIO_TABLES);
    return audit;
  }

  async close(): Promise<void> {
    await Promise.all([this.ledger.end(), this.north.end(), this.south.end()]);
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.ledger.query<Row>(sql, values)).rows;
  }

  async fund(rows: readonly { readonly owner: string; readonly scenario: ScenarioName }[]): Promise<void> {
    const sql = `insert into wallet (owner, balance, held, gone)
      select owner, balance, 0, 0 from unnest($1::text[], $2::int[]) as w(owner, balance)`;
    const owners = rows.map(({ owner }) => owner);
    await this.north.query(sql, [owners, owners.map(() => 100)]);
    await this.south.query(sql, [owners, rows.map(({ scenario }) => SCENARIOS[scenario].south)]);
  }

  /** The xids of these owners' transactions, which all have one. */
  async xids(owners: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.query<{ owner: string; xid: string }>(TRANSACTIONS);
    const found = new Map(rows.map(({ owner, xid }) => [owner, xid]));
    return new Map(owners.map((owner) => [owner, found.get(owner)!]));
  }

  /**
   * Leaves transactions to the recovery of a service, as if the time had passed that the dead had left: their deadlines
   * and leases are so long that a busy machine changes nothing.
   */
  async leaveTo(service: string, xids: readonly string[] | 'all'): Promise<void> {
    await this.query(
      `update tcc_transaction set service = $1,
         due_at = case when settled_at is null then clock_timestamp() end,
         deadline = least(deadline, clock_timestamp()), lease_until = least(lease_until, clock_timestamp())
       where $2::uuid[] is null or xid = any($2)`,
      [service, xids === 'all' ? null : xids],
    );
  }

  /** Those of these rows whose transaction is open. */
  async unsettled<Row extends { readonly xid?: string }>(rows: readonly Row[]): Promise<Row[]> {
    const open = await this.query<{ xid: string }>('select xid from tcc_transaction where settled_at is null');
    const xids = new Set(open.map(({ xid }) => xid));
    return rows.filter(({ xid }) => xid !== undefined && xids.has(xid));
  }

  async areSettled(xids: readonly string[]): Promise<boolean> {
    const open = await this.query('select 1 from tcc_transaction where xid = any($1) and settled_at is null limit 1', [
      xids,
    ]);
    return open.length === 0;
  }

  /** Resolves when no transaction of these services is open any more. */
  settled(services: readonly string[], withinMs?: number): Promise<void> {
    return eventually(async () => {
      const open = await this.query<{ name: string; status: string; service: string }>(
        'select service, name, status from tcc_transaction where service = any($1) and settled_at is null',
        [services],
      );
      if (open.length > 0) throw new Error(`${open.length} are still open: ${JSON.stringify(open.slice(0, 5))}`);
    }, withinMs);
  }

  async remains(): Promise<Map<string, ScenarioRemains>> {
    const [transactions, north, south, heard, letters, ...barriers] = await Promise.all([
      this.query<Remains['transactions'][number] & { owner: string }>(TRANSACTIONS),
      this.north.query<Bank>(BANK),
      this.south.query<Bank>(BANK),
      this.north.query<{ owner: string; what: string }>('select owner, what from heard order by ctid'),
      this.north.query<{ owner: string }>('select owner from letter'),
      ...[this.north, this.south].map((pool) =>
        pool.query<{ xid: string; status: string }>('select xid, status from tcc_barrier'),
      ),
    ]);
    const of = <Row extends { readonly owner: string }>(rows: readonly Row[]): ((owner: string) => Row[]) => {
      const grouped = groupBy(rows, ({ owner }) => owner);
      return (owner) => grouped.get(owner) ?? [];
    };
    const byXid = groupBy(
      barriers.flatMap(({ rows }) => rows),
      ({ xid }) => xid,
    );
    const [transactionsOf, southOf, heardBy, lettersOf] = [
      of(transactions),
      of(south.rows),
      of(heard.rows),
      of(letters.rows),
    ];
    return new Map(
      north.rows.map((wallet) => [
        wallet.owner,
        {
          transactions: transactionsOf(wallet.owner),
          north: wallet,
          south: southOf(wallet.owner)[0]!,
          barriers: transactionsOf(wallet.owner)
            .flatMap(({ xid }) => byXid.get(xid) ?? [])
            .map(({ status }) => status),
          letters: lettersOf(wallet.owner).length,
          heard: heardBy(wallet.owner).map(({ what }) => what),
        },
      ]),
    );
  }
}

/** Everything that is wrong with what is left of a scenario; empty: all is well. */
export function scenarioBreaches(name: ScenarioName, remains: ScenarioRemains, told: Told | undefined): string[] {
  const scenario: Scenario = SCENARIOS[name];
  const { letters, heard } = remains;
  const status = remains.transactions[0]?.status ?? 'cancelled';
  const givenUp = status === 'confirmed' ? (scenario.givenUp ?? 0) : 0;
  const isCancelled = (barrier: string): boolean => barrier === 'cancelled' || barrier === 'suspended';
  const barriers = [
    ...remains.barriers.filter((barrier) => !isCancelled(barrier)),
    ...remains.barriers.filter(isCancelled).slice(givenUp),
  ];
  const found = breaches(
    { ...remains, barriers },
    {
      south: scenario.south,
      amount: scenario.amount,
      told: told && (told.ok ? 'confirmed' : told.code === 'TCC_IN_DOUBT' ? 'either' : 'cancelled'),
    },
  );
  if (!name.endsWith('every kind')) return found;
  const times = (what: string): number => heard.filter((each) => each === what).length;
  const check = (holds: boolean, what: string): void => void (holds || found.push(what));
  const confirmed = status === 'confirmed';
  check(letters === (confirmed ? 1 : 0), `${letters} letters`);
  check(confirmed ? times('message') >= 1 : times('message') === 0, `${times('message')} messages`);
  check(confirmed ? times('confirm') >= 1 && times('cancel') === 0 : times('confirm') === 0, `heard ${heard.join()}`);
  check(confirmed || times('try') === 0 || times('cancel') >= 1, `tried and never cancelled: ${heard.join()}`);
  check(times('try') <= 1, `tried ${times('try')} times`);
  return found;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
