import type { QueryRunner } from 'typeorm';
import { type BarrierBench, branch, Hold, openBarrierBench } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { WireTap } from '../support/wire-tap.js';

/** `ahead` falls back to the barrier first where the connection cannot carry both, and where somebody listens to events. */
const SETUPS = [
  { setup: 'behind', way: 'behind', leads: false },
  { setup: 'ahead', way: 'ahead', leads: true },
  { setup: 'ahead, on a pipelining pool', way: 'ahead', pipeline: true, leads: false },
  { setup: 'ahead, with a subscriber', way: 'ahead', subscriber: true, leads: false },
] as const;

describe.each(SETUPS)('the first statement of business code $setup', ({ way, leads, ...rest }) => {
  let database: TestDatabase;
  let bench: BarrierBench;
  let wire: WireTap;

  beforeAll(async () => {
    database = await createTestDatabase();
    const extra = { max: 1, pipeline: 'pipeline' in rest };
    bench = await openBarrierBench(database.url, { extra }, way);
    if ('subscriber' in rest) bench.dataSource.subscribers.push({});
    wire = new WireTap(bench.dataSource);
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(() => bench.observer.query('truncate hold, tcc_barrier'));

  const INSERT = `insert into hold values ($1, 'a', 1)`;
  const raw = (key: string) => bench.dataSource.query(INSERT, [key]);
  const withRunner = async (work: (runner: QueryRunner) => Promise<unknown>): Promise<void> => {
    await work(bench.dataSource.createQueryRunner());
  };

  /** Business code, its round trips behind (with opening and COMMIT) and what it writes; and whether it can take the opening along. */
  const CASES: [string, () => Promise<unknown>, number, string[], 'led' | 'alone'][] = [
    ['one with parameters', () => raw('x'), 3, ['x'], 'led'],
    [
      'of a repository',
      () => bench.dataSource.getRepository(Hold).insert({ key: 'x', account: 'a', amount: 1 }),
      3,
      ['x'],
      'led',
    ],
    [
      'of save(), which looks first',
      () => bench.dataSource.getRepository(Hold).save({ key: 'x', account: 'a', amount: 1 }),
      4,
      ['x'],
      'led',
    ],
    ['two at once', () => Promise.all([raw('x'), raw('y')]), 4, ['x', 'y'], 'led'],
    ['none', async () => undefined, 2, [], 'alone'],
    [
      'one without parameters',
      () => bench.dataSource.query(`insert into hold values ('x', 'a', 1)`),
      3,
      ['x'],
      'alone',
    ],
    [
      'several in one string',
      () => bench.dataSource.query(`insert into hold values ('x', 'a', 1); insert into hold values ('y', 'a', 1)`),
      3,
      ['x', 'y'],
      'alone',
    ],
    [
      'one with a name',
      () => withRunner(async (runner) => (await runner.connect()).query({ name: 'mine', text: INSERT, values: ['x'] })),
      3,
      ['x'],
      'alone',
    ],
    ['inside transaction(callback)', () => bench.dataSource.transaction(() => raw('x')), 5, ['x'], 'alone'],
    [
      'after startTransaction()',
      () =>
        withRunner(async (runner) => {
          await runner.startTransaction();
          await raw('x');
          await runner.commitTransaction();
        }),
      5,
      ['x'],
      'alone',
    ],
  ];

  it.each(CASES)('%s', async (_, business, behind, written, how) => {
    const warm = branch();
    await bench.phase(warm.try, () => raw('warm'));
    await bench.phase(warm.cancel, () => bench.dataSource.query('delete from hold where key = $1', ['warm']));
    const failing = bench.phase(branch().try, () => business().then(() => Promise.reject(new Error('refused'))));
    await expect(failing).rejects.toThrow('refused');
    expect(await bench.holds()).toEqual([]);
    const of = branch();
    const { roundTrips } = await wire.during(() => bench.phase(of.try, business));
    expect(roundTrips).toBe(leads && how === 'led' ? behind - 1 : behind);
    expect([await bench.status(of.try), await bench.holds()]).toEqual(['tried', written]);
  });

  it.each(['try', 'confirm', 'cancel'] as const)(
    'goes over the wire with the opening of %s, which is prepared',
    async (phase) => {
      const deliver = async () => {
        const of = branch();
        if (phase !== 'try') await bench.phase(of.try, async () => undefined);
        return wire.during(() => bench.phase(of[phase], () => raw(of.key)));
      };
      await deliver();
      const { texts, writes, roundTrips } = await deliver();
      // Texts of the barrier's own; COMMIT is the last write.
      expect(texts.filter((text) => /^begin|tcc_barrier/.test(text))).toHaveLength(leads ? 0 : 1);
      expect(roundTrips).toBe(leads ? 2 : 3);
      expect(writes === 2).toBe(leads);
    },
  );

  it('has the answer that it has behind', async () => {
    const values = [new Date(0), Buffer.from([0, 255]), [1, 2], { a: null }, null, 'ü\'"', 12n];
    const select =
      'select $1::timestamptz as d, $2::bytea as b, $3::int[] as l, $4::jsonb as j, $5::text as n, $6::text as t, $7::int8 as i';
    const outside = await bench.dataSource.query<unknown[]>(select, values);
    expect(await bench.phase(branch().try, () => bench.dataSource.query(select, values))).toEqual({
      ran: true,
      value: outside,
    });
    const many = () =>
      bench.dataSource.query<unknown[]>('select i, i as j from generate_series(1, $1::int) i', [5_000]);
    const rows = await bench.phase(branch().try, many);
    expect(rows).toEqual({ ran: true, value: await many() });
    const affected = () => bench.dataSource.getRepository(Hold).update({ key: 'none' }, { amount: 2 });
    expect(await bench.phase(branch().try, affected)).toMatchObject({ value: { affected: 0 } });
  });

  it('fails, and its error is caught: nothing is written', async () => {
    await bench.observer.query(`insert into hold values ('x', 'a', 1)`);
    const of = branch();
    const swallowed = bench.phase(of.try, () => raw('x').catch(() => undefined));
    await expect(swallowed).rejects.toMatchObject({ code: 'TCC_LOCAL_TRANSACTION_ABORTED', xid: of.try.xid });
    const failed = bench.phase(of.try, () => raw('x'));
    await expect(failed).rejects.toMatchObject({ code: '23505', name: 'QueryFailedError' });
    expect([await bench.status(of.try), await bench.holds()]).toEqual([undefined, ['x']]);
    expect(await bench.phase(of.try, () => raw('y'))).toMatchObject({ ran: true });
  });

  it('fails inside a savepoint: the rest is kept', async () => {
    await bench.observer.query(`insert into hold values ('x', 'a', 1)`);
    await bench.phase(branch().try, async () => {
      await bench.dataSource.transaction(() => raw('x')).catch(() => undefined);
      await raw('y');
    });
    expect(await bench.holds()).toEqual(['x', 'y']);
  });

  it('never reaches the server, and that is caught: the transaction is as good as before', async () => {
    const unfit = () => withRunner(async (runner) => (await runner.connect()).query(INSERT, 'x'));
    const of = branch();
    await expect(bench.phase(of.try, unfit)).rejects.toThrow('must be an array');
    expect(await bench.status(of.try)).toBeUndefined();
    await bench.phase(branch().try, async () => {
      await expect(unfit()).rejects.toThrow('must be an array');
      await raw('y');
    });
    await bench.phase(branch().try, () => raw('z'));
    expect(await bench.holds()).toEqual(['y', 'z']);
  });
});
