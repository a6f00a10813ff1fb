import { type BarrierBench, branch, openBarrierBench } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** More often than any statement is sent before it is worth preparing. */
const OFTEN = 12;

// Only where the opening takes a statement along is anything prepared.
describe('prepared statements that do not fit any more', () => {
  let database: TestDatabase;
  let bench: BarrierBench;

  beforeAll(async () => void (database = await createTestDatabase()));
  afterAll(() => database.drop());
  // Each test has a barrier that has not given up preparing yet.
  beforeEach(async () => {
    bench = await openBarrierBench(database.url, { extra: { max: 1 } }, 'ahead');
    await bench.observer.query('truncate hold, tcc_barrier');
  });
  afterEach(() => bench.close());

  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1) returning *`, [key]);
  const write = async () => {
    const of = branch();
    await bench.phase(of.try, () => raw(of.key));
    return of.key;
  };
  const writeOften = async () => {
    const keys: string[] = [];
    for (let left = OFTEN; left > 0; left -= 1) keys.push(await write());
    return keys;
  };
  const names = async () =>
    (await bench.dataSource.query<{ name: string }[]>('select name from pg_prepared_statements order by name')).map(
      ({ name }) => name,
    );

  describe.each<[string, () => Promise<unknown>]>([
    ['writes', () => raw('x')],
    ['wraps what its statement throws', () => raw('x').catch(() => Promise.reject(new Error('could not save')))],
    ['catches what its statement throws', () => raw('x').catch(() => undefined)],
  ])('under business code that %s', (_, business) => {
    it('one of which is gone: it has written once', async () => {
      const keys = await writeOften();
      const gone = (await names()).filter((known) => known.startsWith('tcc-s-'));
      expect(gone).toHaveLength(1);
      await bench.dataSource.query(`deallocate "${gone[0]}"`);
      expect(await bench.phase(branch().try, business)).toMatchObject({ ran: true });
      expect(await bench.holds()).toEqual([...keys, 'x'].toSorted());
    });

    it('whose table has changed: it has written once', async () => {
      const keys = await writeOften();
      await bench.observer.query('alter table hold add column note text');
      try {
        expect(await bench.phase(branch().try, business)).toMatchObject({ ran: true });
      } finally {
        await bench.observer.query('alter table hold drop column note');
      }
      expect(await bench.holds()).toEqual([...keys, 'x'].toSorted());
    });
  });

  it.each(['0A000', '26000', '42P05'])('an error %s of the business code’s own is not run again', async (code) => {
    let runs = 0;
    const failing = bench.phase(branch().try, async () => {
      runs += 1;
      await bench.dataSource.query(`do $$ begin raise exception 'own' using errcode = '${code}'; end $$`);
    });
    await expect(failing).rejects.toMatchObject({ code });
    expect(runs).toBe(1);
  });
});
