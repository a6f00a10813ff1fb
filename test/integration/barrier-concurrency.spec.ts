import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type BarrierBench,
  branch,
  gate,
  Hold,
  openBarrierBench,
  pauseAt,
  useBarrierBench,
  WAYS,
} from '../support/barrier-bench.js';

describe.each(WAYS)('the barrier under concurrent deliveries, business code %s', (way) => {
  const bench = useBarrierBench(way);

  const holdFor = (on: BarrierBench, key: string) => async (): Promise<void> => {
    await on.dataSource.getRepository(Hold).insert({ key, account: 'a', amount: 1 });
  };
  const giveBack = (on: BarrierBench, key: string) => async (): Promise<void> => {
    await on.dataSource.getRepository(Hold).delete(key);
  };
  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (done) => done,
      (error: { code?: string }) => error.code ?? error,
    );

  it.each(['confirm', 'cancel'] as const)(
    '%s delivered 100 times at once has one effect and 100 successes',
    async (phase) => {
      const of = branch();
      await bench.phase(of.try, async () => undefined);
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) => bench.phase(of[phase], holdFor(bench, `effect ${index}`))),
      );
      expect(results.filter(({ ran: did }) => did)).toHaveLength(1);
      expect(results.filter((result) => !result.ran && result.why === 'already')).toHaveLength(99);
      expect(await bench.holds()).toEqual([`effect ${results.findIndex(({ ran }) => ran)}`]);
    },
  );

  it('each runs in the asynchronous context of its own caller, also when they open together', async () => {
    const context = new AsyncLocalStorage<number>();
    const first = { reached: gate(), end: gate() };
    const ended = bench.phase(branch().try, async () => {
      first.reached.open();
      await first.end.wait;
    });
    await first.reached.wait;
    const results = Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        context.run(index, () => bench.phase(branch().try, () => Promise.resolve(context.getStore()))),
      ),
    );
    expect(await results).toEqual(Array.from({ length: 8 }, (_, value) => ({ ran: true, value })));
    first.end.open();
    await ended;
  });

  it('an empty cancel delivered 100 times at once is empty once', async () => {
    const of = branch();
    const results = await Promise.all(Array.from({ length: 100 }, () => bench.phase(of.cancel, async () => undefined)));
    expect(results.filter((result) => !result.ran && result.why === 'empty')).toHaveLength(1);
  });

  it('a confirm between whose two statements the try committed is asked again, not parked', async () => {
    const of = branch();
    const pause = pauseAt(bench, 'barrier.confirm.opened');
    const early = codeOf(bench.phase(of.confirm, async () => undefined));
    await pause.reached;
    await bench.phase(of.try, async () => undefined);
    pause.go();
    // What ran ahead is done again with the barrier first, and finds the try.
    expect(await early).toEqual(way === 'ahead' ? { ran: true, value: undefined } : 'TCC_BARRIER_BUSY');
    const again = await bench.phase(of.confirm, async () => undefined);
    expect(again).toMatchObject(way === 'ahead' ? { why: 'already' } : { ran: true });
  });

  describe.each(['read committed', 'repeatable read', 'serializable'])(
    'with default_transaction_isolation %s',
    (isolation) => {
      let strict: BarrierBench;

      beforeAll(async () => {
        await bench.observer.query(
          `alter database ${bench.database.name} set default_transaction_isolation = '${isolation}'`,
        );
        await bench.observer.query(`alter database ${bench.database.name} set default_transaction_read_only = on`);
        strict = await openBarrierBench(`${bench.database.url}?options=-c%20tcc.bench%3D1`, {}, way);
      });
      afterAll(async () => {
        await strict.close();
        await bench.observer.query(`alter database ${bench.database.name} reset all`);
      });

      it('runs every phase at read committed', async () => {
        const of = branch();
        for (const call of [of.try, of.confirm]) {
          const done = await strict.phase(call, () => strict.dataSource.query('show transaction_isolation'));
          expect(done).toMatchObject({ value: [{ transaction_isolation: 'read committed' }] });
        }
      });

      it.each(['commit', 'roll back'])('a cancel that meets an open try waits for it to %s', async (end) => {
        const of = branch();
        const inTry = gate();
        const endTry = gate();
        let cancels = 0;
        const trying = codeOf(
          strict.phase(of.try, async () => {
            await holdFor(strict, of.key)();
            inTry.open();
            await endTry.wait;
            if (end === 'roll back') throw new Error('refused');
          }),
        );
        await inTry.wait;
        const cancelling = strict.phase(of.cancel, async () => {
          cancels += 1;
          await giveBack(strict, of.key)();
          await holdFor(strict, 'given back')();
        });
        await bench.blocked();
        endTry.open();
        await trying;
        const committed = end === 'commit';
        expect(await cancelling).toMatchObject(committed ? { ran: true } : { ran: false, why: 'empty' });
        // One that was started ahead has been undone.
        expect(cancels).toBe(committed || way === 'ahead' ? 1 : 0);
        expect(await bench.holds()).toEqual(committed ? ['given back'] : []);
        expect(await bench.status(of.try)).toBe(committed ? 'cancelled' : 'suspended');
      });

      it.each(['commit', 'roll back'])('a try that meets an open cancel waits for it to %s', async (end) => {
        const of = branch({ evenIfNotTried: true });
        const inCancel = gate();
        const endCancel = gate();
        let tries = 0;
        const cancelling = codeOf(
          strict.phase(of.cancel, async () => {
            await giveBack(strict, of.key)();
            inCancel.open();
            await endCancel.wait;
            if (end === 'roll back') throw new Error('away');
          }),
        );
        await inCancel.wait;
        const trying = codeOf(
          strict.phase(of.try, async () => {
            tries += 1;
            await holdFor(strict, of.key)();
          }),
        );
        await bench.blocked();
        endCancel.open();
        await cancelling;
        const committed = end === 'commit';
        expect(await trying).toEqual(committed ? 'TCC_LATE_TRY' : { ran: true, value: undefined });
        expect(tries).toBe(committed && way === 'behind' ? 0 : 1);
        expect(await bench.holds()).toEqual(committed ? [] : [of.key]);
        expect(await bench.status(of.try)).toBe(committed ? 'suspended' : 'tried');
      });
    },
  );

  it('leaks no hold in races of a cancel against a committing try', async () => {
    const ROUNDS = 504;
    const tally = { tried: 0, late: 0 };
    const race = async (round: number): Promise<void> => {
      const of = branch();
      // From "before the try" to "after its commit", turn by turn: no clock is involved.
      const after = async (turns: number) => {
        for (let turn = turns; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
      };
      const offset = (round % 60) - 20;
      const [tried, cancelled] = await Promise.all([
        after(-offset).then(() => codeOf(bench.phase(of.try, holdFor(bench, of.key)))),
        after(offset).then(() => bench.phase(of.cancel, giveBack(bench, of.key))),
      ]);
      expect(tried === 'TCC_LATE_TRY').toBe(!cancelled.ran);
      tally[cancelled.ran ? 'tried' : 'late'] += 1;
    };
    for (let round = 0; round < ROUNDS; round += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, index) => race(round + index)));
    }
    expect(await bench.holds()).toEqual([]);
    expect(tally.late).toBeGreaterThan(0);
    expect(tally.tried).toBeGreaterThan(0);
    expect(tally.late + tally.tried).toBe(ROUNDS);
  });

  it('a delayed cancel of the first attempt leaves the hold of the second one alone', async () => {
    // Two attempts of one order: the holds are keyed by branch, not by the order.
    const [first, second] = [branch(), branch()];
    await bench.phase(first.try, holdFor(bench, first.key));
    await bench.phase(second.try, holdFor(bench, second.key));
    await bench.phase(second.confirm, async () => undefined);
    await bench.phase(first.cancel, giveBack(bench, first.key));
    expect(await bench.holds()).toEqual([second.key]);
  });
});
