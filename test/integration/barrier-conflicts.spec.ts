import { branch, gate, Hold, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('the barrier after a conflict, business code %s', (way) => {
  const bench = useBarrierBench(way);
  beforeAll(async () => {
    await bench.observer.query(`
      create function conflict(code text) returns void language plpgsql as
        $$ begin raise exception 'conflict' using errcode = code; end $$`);
  });

  const hold = async (key: string): Promise<void> => {
    await bench.dataSource.getRepository(Hold).insert({ key, account: 'a', amount: 1 });
  };
  /** With a parameter, as what an ORM sends: such a statement takes the opening along. */
  const conflict = async (code: string, via: { query(sql: string, values: unknown[]): Promise<unknown> }) =>
    via.query('select conflict($1)', [code]);

  it.each(['40001', '40P01'])('%s is run again from the start, three times in all', async (code) => {
    const of = branch();
    let runs = 0;
    const failing = (until: number) => async (): Promise<void> => {
      runs += 1;
      await hold(`${of.key} run ${runs}`);
      if (runs < until) await conflict(code, bench.dataSource);
    };
    await expect(bench.phase(of.try, failing(4))).rejects.toMatchObject({ code });
    expect([runs, await bench.holds()]).toEqual([3, []]);
    runs = 0;
    expect(await bench.phase(of.try, failing(3))).toMatchObject({ ran: true });
    expect([runs, await bench.holds()]).toEqual([3, [`${of.key} run 3`]]);
  });

  it.each(['40001', '40P01'])('%s of the first statement, too', async (code) => {
    let runs = 0;
    const done = await bench.phase(branch().try, async () => {
      runs += 1;
      if (runs < 3) await conflict(code, bench.dataSource);
      await hold(`run ${runs}`);
    });
    expect([done.ran, runs, await bench.holds()]).toEqual([true, 3, ['run 3']]);
  });

  it('is run again although the business code made another error of it, or none', async () => {
    for (const disguise of [() => Promise.reject(new Error('could not save')), async () => undefined]) {
      let runs = 0;
      const done = await bench.phase(branch().try, async () => {
        runs += 1;
        if (runs === 1) await conflict('40P01', bench.dataSource).catch(disguise);
      });
      expect([done.ran, runs]).toEqual([true, 2]);
    }
  });

  it('that a savepoint has undone, the phase fails or succeeds by itself', async () => {
    let runs = 0;
    const refused = bench.phase(branch().try, async () => {
      runs += 1;
      await bench.dataSource.transaction((manager) => conflict('40P01', manager)).catch(() => undefined);
      throw new Error('card refused');
    });
    await expect(refused).rejects.toThrow('card refused');
    expect(runs).toBe(1);
  });

  it('two phases that deadlock both succeed', async () => {
    await bench.observer.query(`insert into hold values ('x', 'a', 0), ('y', 'a', 0)`);
    const both = [gate(), gate()];
    const add = (key: string) => bench.dataSource.query('update hold set amount = amount + 1 where key = $1', [key]);
    const crosswise = (mine: string, theirs: string, me: number) =>
      bench.phase(branch().try, async () => {
        await add(mine);
        both[me]?.open();
        await both[1 - me]?.wait;
        await add(theirs);
      });
    const results = await Promise.all([crosswise('x', 'y', 0), crosswise('y', 'x', 1)]);
    expect(results).toMatchObject([{ ran: true }, { ran: true }]);
    expect((await bench.observer.query('select amount from hold')).rows).toEqual([{ amount: 2 }, { amount: 2 }]);
  });
});
