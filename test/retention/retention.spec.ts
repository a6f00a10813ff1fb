import { UnrecoverableError, type TccModuleOptions } from 'nestjs-tcc';
import pg from 'pg';
import { aged } from '../support/aged.js';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';

describe('retention', () => {
  let databases: BankDatabases;
  let pool: pg.Pool;
  let services = 0;
  let service: string;
  const running: BankApp[] = [];

  beforeAll(async () => {
    databases = await createBankDatabases();
    pool = new pg.Pool({ connectionString: databases.ledger.url, max: 2 });
  });
  beforeEach(() => {
    service = `service-${++services}`;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((bank) => bank.close()));
  });
  afterAll(async () => {
    await pool?.end();
    await databases?.drop();
  });

  const start = async (options: Partial<TccModuleOptions> = {}): Promise<BankApp> => {
    const bank = await startBank(databases, { service, ...options });
    running.push(bank);
    return bank;
  };
  /** Without retention: does its work and goes. */
  const wrote = async (write: (bank: BankApp) => Promise<string[]>, options?: Partial<TccModuleOptions>) => {
    const bank = await start(options);
    await bank.fund(['ann'], 1_000);
    const xids = await write(bank);
    await bank.close();
    running.splice(running.indexOf(bank), 1);
    return xids;
  };
  const transfers = (count: number) => (bank: BankApp) =>
    Promise.all(Array.from({ length: count }, () => bank.transfers.take('ann', 1)));
  /** What is left in each table of these transactions. */
  const left = async (xids: readonly string[]): Promise<[transactions: number, branches: number, attempts: number]> => {
    const count = async (table: string): Promise<number> => {
      const sql = `select count(*)::int as count from ${table} where xid = any($1::uuid[])`;
      return (await pool.query<{ count: number }>(sql, [xids])).rows[0]!.count;
    };
    return [await count('tcc_transaction'), await count('tcc_branch'), await count('tcc_attempt')];
  };

  it('removes what settled longer ago, with branches and attempts; what is younger stays', async () => {
    const old = await wrote(async (bank) => {
      let failed = false;
      bank.hooks.inConfirm = () => {
        if (!failed) {
          failed = true;
          throw new Error('once');
        }
      };
      const xid = await bank.transfers.take('ann', 1);
      await eventually(async () => expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'confirmed' }));
      return [xid, ...(await transfers(4)(bank))];
    });
    const [first, second, ...young] = old;
    const gone = await aged(pool, [first!, second!], 3);
    expect(await left(gone)).toEqual([2, 4, 1]);
    await start({ retention: '2h' });
    await eventually(async () => expect(await left(gone)).toEqual([0, 0, 0]));
    expect(await left(young)).toEqual([3, 6, 0]);
  });

  it('keeps everything by default', async () => {
    const old = await aged(pool, await wrote(transfers(2)), 100_000);
    const bank = await start();
    // it is at work, and would have looked by now
    for (let turn = 0; turn < 10; turn++) await bank.transfers.take('ann', 1);
    expect(await left(old)).toEqual([2, 4, 0]);
  });

  it('touches neither what is parked nor what another service settled, however old', async () => {
    const parked = await wrote(async (bank) => {
      bank.hooks.inConfirm = () => {
        throw new UnrecoverableError('never');
      };
      return [await bank.transfers.take('ann', 1)];
    });
    const foreign = await wrote(transfers(1), { service: `${service}-b` });
    const own = await wrote(transfers(1));
    const [kept, others, gone] = [await aged(pool, parked, 9), await aged(pool, foreign, 9), await aged(pool, own, 8)];
    const audit = await pool.query('insert into tcc_audit (id, at, who, action, xid) values ($1, now(), $2, $3, $1)', [
      gone[0],
      'ann',
      'retried',
    ]);
    expect(audit.rowCount).toBe(1);
    await start({ retention: '2h' });
    await eventually(async () => expect(await left(gone)).toEqual([0, 0, 0]));
    expect(await left(kept)).toEqual([1, 2, 2]);
    expect(await left(others)).toEqual([1, 2, 0]);
    expect((await pool.query('select 1 from tcc_audit where xid = $1', [gone[0]])).rowCount).toBe(1);
  });

  it('forgets the idempotency key with its transaction', async () => {
    const once = async (bank: BankApp): Promise<string> => (await bank.transfers.takeOnce('order-1', 'ann', 1)).xid;
    const [first] = await wrote(async (bank) => [await once(bank), await once(bank)]);
    const gone = await aged(pool, [first!], 3);
    const bank = await start({ retention: '2h' });
    await eventually(async () => expect(await left(gone)).toEqual([0, 0, 0]));
    const again = await once(bank);
    expect(await left([again])).toEqual([1, 2, 0]);
    expect(await once(bank)).toBe(again);
  });

  it('is shared by instances that run at once, while they work', async () => {
    const old = await aged(pool, await wrote(transfers(300)), 3);
    const banks = await Promise.all([
      start({ retention: '2h' }),
      start({ retention: '2h' }),
      start({ retention: '2h' }),
    ]);
    const young = (await Promise.all(banks.map(transfers(30)))).flat();
    await eventually(async () => expect(await left(old)).toEqual([0, 0, 0]));
    // settlements are lazy
    for (const xid of young)
      await eventually(async () => expect(await banks[0].tcc.outcome(xid)).toMatchObject({ status: 'confirmed' }));
  });
});
