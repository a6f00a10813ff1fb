import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { BeginWrite, BranchWrite, DecideWrite, LedgerBatch } from 'nestjs-tcc';
import { uuidv7 } from 'uuidv7';
import { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import type { PostgresLedgerOptions } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.options.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export const SERVICE = 'shop';
export const OWNER = 'instance-1';
export const LONG_MS = 600_000;

/** A database with the ledger's tables, any number of instances on it, and connections to interfere with. */
export class LedgerFixture {
  private readonly ledgers: PostgresLedger[] = [];
  private readonly clients: pg.Client[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async create(): Promise<LedgerFixture> {
    return new LedgerFixture(await createTestDatabase());
  }

  /** A further instance, opened unless told otherwise. */
  async ledger(change: Partial<PostgresLedgerOptions> = {}, open = true): Promise<PostgresLedger> {
    const ledger = new PostgresLedger({
      pool: { connectionString: this.database.url },
      database: 'the test database',
      migrations: 'run',
      timeoutMs: 20_000,
      warn: () => undefined,
      ...change,
    });
    if (open) await ledger.open();
    this.ledgers.push(ledger);
    return ledger;
  }

  /** A plain connection, to hold locks with. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client(this.database.url);
    client.on('error', () => undefined);
    await client.connect();
    this.clients.push(client);
    return client;
  }

  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    this.clients[0] ??= await this.client();
    return (await this.clients[0].query<Row>(sql, values)).rows;
  }

  /** Waits until as many other backends of this database wait for a lock; gives their pids. */
  async blocked(count = 1): Promise<number[]> {
    return eventually(`${count} waiting`, async () => {
      const rows = await this.rows<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length >= count ? rows.map(({ pid }) => pid) : undefined;
    });
  }

  /** Waits until the database's clock has passed the deadline of a transaction. */
  async passed(xid: string): Promise<void> {
    await eventually('the deadline', () =>
      this.rows('select 1 from tcc_transaction where xid = $1 and deadline < clock_timestamp()', [xid]).then(
        ([row]) => row,
      ),
    );
  }

  async drop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end().catch(() => undefined)));
    await Promise.all(this.ledgers.map((ledger) => ledger.close()));
    await this.database.drop();
  }
}

/** Looks again and again until there is something; fails after ten seconds. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(5);
  }
  throw new Error(`not within ten seconds: ${what}`);
}

export const aBranch = (change: Partial<BranchWrite> = {}): BranchWrite => ({
  seq: 1,
  participant: 'payment',
  method: 'authorize',
  kind: 'tcc',
  args: '[]',
  ...change,
});

export const aBegin = (change: Partial<BeginWrite> = {}): BeginWrite => ({
  xid: uuidv7(),
  service: SERVICE,
  name: 'checkout',
  order: 'together',
  baggage: {},
  deadline: performance.now() + LONG_MS,
  branches: [aBranch()],
  ...change,
});

export const aDecision = (
  xid: string,
  to: DecideWrite['to'] = 'confirming',
  change: Partial<DecideWrite> = {},
): DecideWrite => ({
  xid,
  to,
  outcomes: { 1: { confirm: to === 'confirming', answered: true } },
  owner: OWNER,
  leaseMs: LONG_MS,
  ...change,
});

export const aBatch = (change: Partial<LedgerBatch>): LedgerBatch => ({
  begins: [],
  registers: [],
  decides: [],
  settles: [],
  ...change,
});

/** A copy in random order. */
export function shuffled<T>(items: readonly T[]): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
