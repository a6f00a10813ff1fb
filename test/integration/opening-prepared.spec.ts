import { type BarrierBench, branch, openBarrierBench } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { WireTap } from '../support/wire-tap.js';

/** More often than any statement is sent before it is worth preparing. */
const OFTEN = 12;

// Only where the opening takes a statement along is anything prepared.
describe('the prepared statements of openings', () => {
  let database: TestDatabase;
  let bench: BarrierBench;
  let wire: WireTap;

  beforeAll(async () => void (database = await createTestDatabase()));
  afterAll(() => database.drop());
  // Each test has a barrier that has not given up preparing yet.
  beforeEach(async () => {
    bench = await openBarrierBench(database.url, { extra: { max: 1 } }, 'ahead');
    wire = new WireTap(bench.dataSource);
    await bench.observer.query('truncate hold, tcc_barrier');
  });
  afterEach(() => bench.close());

  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1) returning *`, [key]);
  const write = async (phase: 'try' | 'confirm' | 'cancel' = 'try') => {
    const of = branch();
    if (phase !== 'try') await bench.phase(of.try, async () => undefined);
    const done = await bench.phase(of[phase], () => raw(of.key));
    expect(done).toMatchObject({ ran: true });
    return of.key;
  };
  const writeOften = async (phase: 'try' | 'confirm' | 'cancel' = 'try') => {
    const keys: string[] = [];
    for (let left = OFTEN; left > 0; left -= 1) keys.push(await write(phase));
    return keys;
  };
  const names = async () =>
    (await bench.dataSource.query<{ name: string }[]>('select name from pg_prepared_statements order by name')).map(
      ({ name }) => name,
    );

  it.each(['try', 'confirm', 'cancel'] as const)('are made once on a connection for %s', async (phase) => {
    const { prepared } = await wire.during(() => writeOften(phase));
    expect(prepared).toEqual([...new Set(prepared)]);
    expect(prepared).toContainEqual(expect.stringMatching(`^tcc-${phase}-`));
    expect((await names()).toSorted()).toEqual(prepared.toSorted());
  });

  // What a pooler in transaction mode amounts to: the next transaction has a session that knows nothing of them.
  it.each(['try', 'confirm', 'cancel'] as const)('that are all gone: %s succeeds all the same', async (phase) => {
    const keys = await writeOften(phase);
    for (const forget of ['deallocate all', 'discard all', 'discard all']) {
      await bench.dataSource.query(forget);
      keys.push(await write(phase), await write(phase));
    }
    expect(await bench.holds()).toEqual(keys.toSorted());
  });

  it('that another client has made in this session: the phase succeeds', async () => {
    await bench.dataSource.query(`prepare "tcc-open-1" as select 1`);
    await bench.dataSource.query(`prepare "tcc-try-1" as select 1`);
    const keys = await writeOften();
    expect(await bench.holds()).toEqual(keys.toSorted());
  });

  it('are known after an opening that failed half way', async () => {
    const of = branch();
    await bench.phase(of.try, async () => undefined);
    await bench.observer.query(`begin; select from tcc_barrier where xid = '${of.try.xid}' for update`);
    // As it is the first confirm on this connection, the barrier statement is prepared and then fails.
    await expect(bench.phase(of.confirm, () => raw(of.key))).rejects.toMatchObject({ code: 'TCC_BARRIER_BUSY' });
    await bench.observer.query('commit');
    expect(await bench.phase(of.confirm, () => raw(of.key))).toMatchObject({ ran: true });
    const { prepared } = await wire.during(() => writeOften('confirm'));
    expect(prepared.filter((name) => !name.startsWith('tcc-s-'))).toEqual([]);
    expect(await bench.holds()).toHaveLength(1 + OFTEN);
  });

  it('of a table that has changed since: the phase succeeds and sees the change', async () => {
    await writeOften();
    await bench.observer.query('alter table hold add column note text');
    const rows = () => bench.dataSource.query<object[]>(`insert into hold values ($1, 'a', 1, 'n') returning *`, ['n']);
    expect(await bench.phase(branch().try, rows)).toMatchObject({ value: [{ note: 'n' }] });
    const again = await bench.phase(branch().try, () => raw('again'));
    expect(again).toMatchObject({ value: [{ key: 'again', note: null }] });
    await bench.observer.query('alter table hold drop column note');
    expect(await bench.phase(branch().try, () => raw('once more'))).toMatchObject({ value: [{ key: 'once more' }] });
    expect(await bench.holds()).toHaveLength(OFTEN + 3);
  });

  it.each(['tcc-open-1', 'tcc-try-', 'tcc-s-'])(
    'one of which is gone (%s): the phase has written once',
    async (name) => {
      const keys = await writeOften();
      const gone = (await names()).filter((known) => known.startsWith(name));
      expect(gone).toHaveLength(1);
      await bench.dataSource.query(`deallocate "${gone[0]}"`);
      expect(await bench.phase(branch().try, () => raw('x'))).toMatchObject({ ran: true });
      expect(await bench.holds()).toEqual([...keys, 'x'].toSorted());
    },
  );

  it('survive that every opening fails at first', async () => {
    await bench.observer.query(`
      create sequence openings;
      create function conflict() returns trigger language plpgsql as
        $$ begin if nextval('openings') % 2 = 1 then raise exception 'conflict' using errcode = '40001'; end if; return new; end $$;
      create trigger conflict before insert on tcc_barrier for each row execute function conflict();`);
    const keys = await writeOften();
    await bench.observer.query('drop trigger conflict on tcc_barrier; drop function conflict; drop sequence openings');
    expect(await bench.holds()).toEqual(keys.toSorted());
    expect(await names()).toHaveLength(3);
  });

  it('survive that the statement behind them fails, as it runs or as it is parsed', async () => {
    const keys = [await write()];
    const later = (key: string) => bench.dataSource.query('insert into later values ($1)', [key]);
    for (let left = OFTEN; left > 0; left -= 1) {
      await expect(bench.phase(branch().try, () => raw(keys[0]!))).rejects.toMatchObject({ code: '23505' });
      await expect(bench.phase(branch().try, () => later('x'))).rejects.toMatchObject({ code: '42P01' });
      keys.push(await write());
    }
    await bench.observer.query('create table later (key text)');
    for (let left = OFTEN; left > 0; left -= 1) {
      expect(await bench.phase(branch().try, () => later('x'))).toMatchObject({ ran: true });
    }
    expect((await bench.observer.query('select from later')).rowCount).toBe(OFTEN);
    await bench.observer.query('drop table later');
    expect(await bench.holds()).toEqual(keys.toSorted());
  });

  it('serve others who send the same text outside phases', async () => {
    const keys = await writeOften();
    for (let left = OFTEN; left > 0; left -= 1) {
      await raw(`outside ${left}`);
      keys.push(`outside ${left}`, await write());
    }
    expect(await bench.holds()).toEqual(keys.toSorted());
  });
});
