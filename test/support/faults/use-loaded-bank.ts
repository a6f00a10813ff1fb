import type { TccModuleOptions } from 'nestjs-tcc';
import { TccHealth } from 'nestjs-tcc';
import pg from 'pg';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../bank/bank-app.js';
import { eventually } from '../eventually.js';
import { BankAudit } from '../processes/bank-audit.js';
import { BankLoad } from './bank-load.js';
import { BulkAudit } from './bulk-audit.js';

type Place = 'ledger' | 'north' | 'south';

/** What a test of such a spec finds. */
export interface LoadedBank {
  readonly databases: BankDatabases;
  readonly audit: BankAudit;
  /** Nobody else's: instances of other tests do not recover what this one leaves. */
  readonly service: string;
  readonly owners: readonly string[];
  /** Of the first instance. */
  readonly bank: BankApp;
  readonly load: BankLoad;
  /** Starts instances, and callers on them. */
  start(
    options?: Partial<TccModuleOptions>,
    how?: { readonly lanes?: number; readonly instances?: number },
  ): Promise<void>;
  /** Starts callers, after `start` with none. */
  call(lanes: number): void;
  /** Runs SQL in one of the databases, past every application; there is one connection to each. */
  sql<Row extends pg.QueryResultRow>(place: Place, text: string, values?: unknown[]): Promise<Row[]>;
  /** Ends the sessions that applications have there, so that new ones get new settings. */
  endSessions(place: Place): Promise<void>;
  /** The callers stop; then all is settled, as they were told, and nobody has waited for longer than that. */
  ends(longestMs?: number): Promise<void>;
}

/** A bank under load for a spec: databases for all its tests, made by `create`; applications, owners and a service for each of them. */
export function useLoadedBank(create: () => Promise<BankDatabases> = createBankDatabases): LoadedBank {
  let databases: BankDatabases;
  let audit: BankAudit;
  let bulk: BulkAudit;
  let owners: string[];
  let load: BankLoad | undefined;
  let tests = 0;
  const banks: BankApp[] = [];
  const clients = new Map<Place, pg.Client>();

  beforeAll(async () => {
    databases = await create();
    audit = BankAudit.of(databases);
    bulk = new BulkAudit(databases);
    for (const place of ['ledger', 'north', 'south'] as const) {
      const client = new pg.Client({ connectionString: databases[place].url, application_name: 'outsider' });
      await client.connect();
      clients.set(place, client);
    }
    const first = await startBank(databases, { service: 'schema' });
    await first.close();
  });
  beforeEach(async () => {
    owners = await bulk.fund(`service-${++tests}`, 5_000);
  });
  afterEach(async () => {
    await load?.stop();
    await Promise.all(banks.splice(0).map((bank) => bank.close()));
    load = undefined;
  });
  afterAll(async () => {
    await audit?.close();
    await Promise.all([...clients.values()].map((client) => client.end()));
    await databases?.drop();
  });

  const bank: LoadedBank = {
    get databases() {
      return databases;
    },
    get audit() {
      return audit;
    },
    get service() {
      return `service-${tests}`;
    },
    get owners() {
      return owners;
    },
    get bank() {
      return banks[0]!;
    },
    get load() {
      return load!;
    },
    start: async (options = {}, { lanes = 8, instances = 1 } = {}) => {
      while (banks.length < instances) {
        banks.push(
          await startBank(databases, {
            service: bank.service,
            ledgerTimeout: '1s',
            lease: '1s',
            timeout: '3s',
            callTimeout: '2s',
            ...options,
          }),
        );
      }
      bank.call(lanes);
    },
    call: (lanes) => {
      load = new BankLoad(banks, owners, lanes);
    },
    sql: async <Row extends pg.QueryResultRow>(place: Place, text: string, values: unknown[] = []) =>
      (await clients.get(place)!.query<Row>(text, values)).rows,
    endSessions: async (place) => {
      const others = `datname = current_database() and pid <> pg_backend_pid()`;
      await bank.sql(place, `select pg_terminate_backend(pid, 5000) from pg_stat_activity where ${others}`);
    },
    ends: async (longestMs = 12_000) => {
      await load!.stop();
      expect(load!.longestMs).toBeLessThan(longestMs);
      await audit.settled(bank.service, 20_000);
      expect(await bulk.breaches(owners, load!.told)).toEqual([]);
      for (const { app } of banks)
        await eventually(async () =>
          expect(await app.get(TccHealth).check()).toEqual({ ledger: true, recovery: true }),
        );
    },
  };
  return bank;
}
