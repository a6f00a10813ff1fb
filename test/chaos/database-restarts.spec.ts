import pg from 'pg';
import { LedgerFailure, TccHealth } from 'nestjs-tcc';
import { startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { query } from '../support/child-postgres.js';
import { createTestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { BankLoad } from '../support/faults/bank-load.js';
import { BulkAudit } from '../support/faults/bulk-audit.js';
import { RestartablePostgres, type Ending } from '../support/faults/restartable-postgres.js';
import { BankAudit } from '../support/processes/bank-audit.js';

const ENDINGS: readonly Ending[] = ['fast', 'immediate', 'kill'];
const SERVICE = 'bank';

const OTHERS = 'others';

/** Connects until the server lets nobody in. */
async function takeAll(url: string, most = Infinity): Promise<pg.Client[]> {
  const clients: pg.Client[] = [];
  while (clients.length < most) {
    const client = new pg.Client({ connectionString: url, application_name: OTHERS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      clients.push(client);
    } catch {
      break;
    }
  }
  return clients;
}
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** Away for longer than the application waits for its ledger. */
const patienceEnds = (load: BankLoad): Promise<void> =>
  eventually(() => expect(load.answers.map(({ error }) => error?.name)).toContain('LedgerUnavailableError'));

describe('a Postgres that goes away and comes back, again and again, under load', () => {
  let server: RestartablePostgres;
  let databases: BankDatabases | undefined;
  let audit: BankAudit | undefined;
  let bank: BankApp | undefined;
  let load: BankLoad | undefined;

  beforeAll(async () => {
    server = await RestartablePostgres.start('max_connections=50', 'superuser_reserved_connections=0');
  });
  afterEach(async () => {
    await load?.stop();
    await bank?.close();
    await audit?.close();
    await databases?.drop();
    load = bank = audit = databases = undefined;
  });
  afterAll(() => server?.drop());

  it.each<{ what: string; moved: readonly ('ledger' | 'north' | 'south')[] }>([
    { what: 'the ledger’s', moved: ['ledger'] },
    { what: 'a participant’s', moved: ['north'] },
    { what: 'that of the ledger and of a participant', moved: ['ledger', 'south'] },
  ])(
    '$what: fast, immediate and killed; everything ends as callers were told, and goes on in between',
    async ({ moved }) => {
      const place = (name: 'ledger' | 'north' | 'south') =>
        moved.includes(name) ? server.database() : createTestDatabase();
      const [ledger, north, south] = [await place('ledger'), await place('north'), await place('south')];
      const drop = async (): Promise<void> => void (await Promise.all([ledger.drop(), north.drop(), south.drop()]));
      databases = { ledger, north, south, drop };
      audit = BankAudit.of(databases);
      bank = await startBank(databases, { service: SERVICE, ledgerTimeout: '1s', lease: '1s', timeout: '5s' });
      const bulk = new BulkAudit(databases);
      const owners = await bulk.fund('owner', 20_000);
      load = new BankLoad([bank], owners, 8);
      for (const ending of ENDINGS) {
        await load.progress(20);
        await server.end(ending);
        if (moved.includes('ledger') && ending === 'kill') await patienceEnds(load);
        await server.again();
      }
      await load.progress(20);
      await load.stop();
      await audit.settled(SERVICE, 20_000);
      expect(await bulk.breaches(owners, load.told)).toEqual([]);
      const health = bank.app.get(TccHealth);
      await eventually(async () => expect(await health.check()).toEqual({ ledger: true, recovery: true }));
    },
  );

  it('that has no connection left (53300): what is refused is told, and it goes on when others leave', async () => {
    const [ledger, north, south] = [await server.database(), await server.database(), await createTestDatabase()];
    const drop = async (): Promise<void> => void (await Promise.all([ledger.drop(), north.drop(), south.drop()]));
    databases = { ledger, north, south, drop };
    const bulk = new BulkAudit(databases);
    bank = await startBank(databases, { service: SERVICE, ledgerTimeout: '1s', lease: '1s', timeout: '5s' });
    const owners = await bulk.fund('owner', 5_000);
    load = new BankLoad([bank], owners, 8);
    await load.progress(10);
    const others: pg.Client[] = [];
    const [boss] = await takeAll(server.url, 1);
    await eventually(async () => {
      // some of what the application loses is ours before it is back, until it has nothing left to come back to
      await boss!.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity where backend_type = 'client backend' and application_name <> '${OTHERS}'`,
      );
      others.push(...(await takeAll(server.url)));
      expect(load!.answers.map(({ error }) => codeOf(error))).toContain('53300');
    }, 20_000);
    others.push(boss!);
    await Promise.all(others.map((other) => other.end()));
    expect(await load.progress(10)).toBeGreaterThanOrEqual(10);
    await load.stop();
    audit = BankAudit.of(databases);
    await audit.settled(SERVICE, 20_000);
    expect(await bulk.breaches(owners, load.told)).toEqual([]);
  });

  it.each(ENDINGS)(
    'that ends (%s) while an application boots: it says so, and boots when it is back',
    async (ending) => {
      const [ledger, north, south] = [await server.database(), await createTestDatabase(), await createTestDatabase()];
      const drop = async (): Promise<void> => void (await Promise.all([ledger.drop(), north.drop(), south.drop()]));
      databases = { ledger, north, south, drop };
      // its migrations wait for us, so that it is in the middle of them
      const holder = new pg.Client(ledger.url);
      holder.on('error', () => undefined);
      await holder.connect();
      await holder.query('begin');
      await holder.query('select pg_advisory_xact_lock(7233120518034962771)');
      const booting = startBank(databases, { service: SERVICE }).catch((error: unknown) => error);
      await eventually(async () => {
        const waiting = `select 1 from pg_stat_activity where wait_event = 'advisory'`;
        expect(await query(ledger.url, waiting)).toHaveLength(1);
      });
      await server.end(ending);
      expect(await booting).toBeInstanceOf(LedgerFailure);
      await server.again();
      bank = await startBank(databases, { service: SERVICE });
      expect(await bank.app.get(TccHealth).check()).toMatchObject({ ledger: true });
    },
  );
});
