import pg from 'pg';
import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import { type BarrierBench, branch, gate, Hold, openBarrierBench, pauseAt } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** What Postgres ends a connection with that sat idle in its transaction for too long. */
const IDLE_IN_TRANSACTION = '25P03';

describe('the barrier under concurrent deliveries', () => {
  let database: TestDatabase;
  let bench: BarrierBench;

  beforeAll(async () => {
    database = await createTestDatabase();
    bench = await openBarrierBench(database.url);
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(async () => {
    bench.faults = () => undefined;
    await bench.observer.query('truncate hold, tcc_barrier');
  });

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
      let ran = 0;
      const results = await Promise.all(
        Array.from({ length: 100 }, () =>
          bench.phase(of[phase], async () => {
            ran += 1;
            await bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [`effect ${ran}`]);
          }),
        ),
      );
      expect(results.filter(({ ran: did }) => did)).toHaveLength(1);
      expect(results.filter((result) => !result.ran && result.why === 'already')).toHaveLength(99);
      expect(await bench.holds()).toEqual(['effect 1']);
    },
  );

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
    expect(await early).toBe('TCC_BARRIER_BUSY');
    expect(await bench.phase(of.confirm, async () => undefined)).toMatchObject({ ran: true });
  });

  describe.each(['read committed', 'repeatable read', 'serializable'])(
    'with default_transaction_isolation %s',
    (isolation) => {
      let strict: BarrierBench;

      beforeAll(async () => {
        await bench.observer.query(
          `alter database ${database.name} set default_transaction_isolation = '${isolation}'`,
        );
        await bench.observer.query(`alter database ${database.name} set default_transaction_read_only = on`);
        strict = await openBarrierBench(`${database.url}?options=-c%20tcc.bench%3D1`, { entities: [Hold] });
      });
      afterAll(async () => {
        await strict.close();
        await bench.observer.query(`alter database ${database.name} reset all`);
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
        });
        await bench.blocked();
        endTry.open();
        await trying;
        const committed = end === 'commit';
        expect(await cancelling).toMatchObject(committed ? { ran: true } : { ran: false, why: 'empty' });
        expect(cancels).toBe(committed ? 1 : 0);
        expect(await bench.holds()).toEqual([]);
        expect(await bench.status(of.try)).toBe(committed ? 'cancelled' : 'suspended');
      });

      it.each(['commit', 'roll back'])('a try that meets an open cancel waits for it to %s', async (end) => {
        const of = branch({ evenIfNotTried: true });
        const inCancel = gate();
        const endCancel = gate();
        let tries = 0;
        const cancelling = codeOf(
          strict.phase(of.cancel, async () => {
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
        expect(tries).toBe(committed ? 0 : 1);
        expect(await bench.holds()).toEqual(committed ? [] : [of.key]);
        expect(await bench.status(of.try)).toBe(committed ? 'suspended' : 'tried');
      });
    },
  );

  it('leaks no hold in 1 000 races of a cancel against a committing try', async () => {
    const tally = { tried: 0, late: 0 };
    const race = async (round: number): Promise<void> => {
      const of = branch();
      const trying = codeOf(bench.phase(of.try, holdFor(bench, of.key)));
      // From "before the try" to "after its commit", turn by turn: no clock is involved.
      for (let turn = round % 40; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
      const cancelled = await bench.phase(of.cancel, giveBack(bench, of.key));
      const tried = await trying;
      expect(tried === 'TCC_LATE_TRY').toBe(!cancelled.ran);
      tally[cancelled.ran ? 'tried' : 'late'] += 1;
    };
    for (let round = 0; round < 1_000; round += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, index) => race(round + index)));
    }
    expect(await bench.holds()).toEqual([]);
    expect(tally.late).toBeGreaterThan(0);
    expect(tally.tried).toBeGreaterThan(0);
    expect(tally.late + tally.tried).toBe(1_000);
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

  it('frees the row of a confirm whose process has stopped when its caller has given it up', async () => {
    const of = branch();
    await bench.phase(of.try, async () => undefined);
    const inConfirm = gate();
    const resume = gate();
    const stopped = codeOf(
      bench.phase({ ...of.confirm, deadline: monotonicNow() + 300 }, async () => {
        await holdFor(bench, 'stopped')();
        inConfirm.open();
        await resume.wait;
      }),
    );
    await inConfirm.wait;
    expect(await bench.phase(of.confirm, holdFor(bench, 'second'))).toMatchObject({ ran: true });
    resume.open();
    expect(await stopped).toBe(IDLE_IN_TRANSACTION);
    expect(await bench.holds()).toEqual(['second']);
  });

  it('frees the row of a try whose process has stopped when its deadline passes', async () => {
    const of = branch({ deadline: monotonicNow() + 300 });
    const inTry = gate();
    const resume = gate();
    const stopped = codeOf(
      bench.phase(of.try, async () => {
        await holdFor(bench, of.key)();
        inTry.open();
        await resume.wait;
      }),
    );
    await inTry.wait;
    expect(await bench.phase(of.cancel, giveBack(bench, of.key))).toEqual({ ran: false, why: 'empty' });
    resume.open();
    expect(await stopped).toBe(IDLE_IN_TRANSACTION);
    expect(await bench.holds()).toEqual([]);
    expect(await bench.status(of.try)).toBe('suspended');
  });

  it.each(['confirm', 'cancel'] as const)(
    'a %s that meets another delivery for too long answers "not yet"',
    async (phase) => {
      const of = branch();
      await bench.phase(of.try, async () => undefined);
      const inside = gate();
      const end = gate();
      const slow = bench.phase(of[phase], () => (inside.open(), end.wait));
      await inside.wait;
      const busy = bench.phase(of[phase], async () => undefined);
      await expect(busy).rejects.toMatchObject({
        code: 'TCC_BARRIER_BUSY',
        branch: 'payment.authorize',
        xid: of.try.xid,
      });
      end.open();
      expect(await slow).toMatchObject({ ran: true });
    },
  );

  describe.each(['0', '3s'])('a session with lock_timeout %s', (limit) => {
    let session: BarrierBench;
    beforeAll(async () => {
      session = await openBarrierBench(`${database.url}?options=-c%20lock_timeout%3D${limit}`);
    });
    afterAll(() => session.close());

    it.each(['confirm', 'cancel'] as const)('has it back before the business code of %s', async (phase) => {
      const of = branch();
      await session.phase(of.try, async () => undefined);
      const done = await session.phase(of[phase], () => session.dataSource.query('show lock_timeout'));
      expect(done).toMatchObject({ value: [{ lock_timeout: limit }] });
    });

    it('lets a business statement wait for a lock longer than the barrier would', async () => {
      const of = branch();
      await session.phase(of.try, holdFor(session, 'contended'));
      const other = new pg.Client(database.url);
      await other.connect();
      await other.query(`begin; update hold set amount = 2 where key = 'contended'`);
      const confirming = codeOf(
        session.phase(of.confirm, () =>
          session.dataSource.query(`update hold set amount = amount + 1 where key = 'contended'`),
        ),
      );
      await bench.blocked();
      const WAITED = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and clock_timestamp() - query_start > '2.3 s'`;
      // Also ends when the statement was cut: what it answered then tells.
      let answered = false;
      void confirming.then(() => (answered = true));
      while (!answered && (await bench.observer.query(WAITED)).rowCount === 0);
      await other.query('commit');
      await other.end();
      expect(await confirming).toMatchObject({ ran: true });
    });

    it('a lock that the business code waits for in vain is its own failure', async () => {
      const of = branch();
      await session.phase(of.try, holdFor(session, 'contended'));
      const other = new pg.Client(database.url);
      await other.connect();
      await other.query(`begin; update hold set amount = 2 where key = 'contended'`);
      const confirming = session.phase(of.confirm, async () => {
        await session.dataSource.query(`set local lock_timeout = '50ms'`);
        await session.dataSource.query(`delete from hold where key = 'contended'`);
      });
      await expect(confirming).rejects.toMatchObject({ code: '55P03', name: 'QueryFailedError' });
      await other.query('rollback');
      await other.end();
    });
  });

  describe('after a conflict', () => {
    const conflict = (code: string) => `do $$ begin raise exception 'conflict' using errcode = '${code}'; end $$`;

    it.each(['40001', '40P01'])('%s is run again from the start, three times in all', async (code) => {
      const of = branch();
      let runs = 0;
      const failing = (until: number) => async (): Promise<void> => {
        runs += 1;
        await holdFor(bench, `${of.key} run ${runs}`)();
        if (runs < until) await bench.dataSource.query(conflict(code));
      };
      await expect(bench.phase(of.try, failing(4))).rejects.toMatchObject({ code });
      expect([runs, await bench.holds()]).toEqual([3, []]);
      runs = 0;
      expect(await bench.phase(of.try, failing(3))).toMatchObject({ ran: true });
      expect([runs, await bench.holds()]).toEqual([3, [`${of.key} run 3`]]);
    });

    it('is run again although the business code made another error of it, or none', async () => {
      for (const disguise of [() => Promise.reject(new Error('could not save')), async () => undefined]) {
        let runs = 0;
        const done = await bench.phase(branch().try, async () => {
          runs += 1;
          if (runs === 1) await bench.dataSource.query(conflict('40P01')).catch(disguise);
        });
        expect([done.ran, runs]).toEqual([true, 2]);
      }
    });

    it('that a savepoint has undone, the phase fails or succeeds by itself', async () => {
      let runs = 0;
      const refused = bench.phase(branch().try, async () => {
        runs += 1;
        await bench.dataSource.transaction((manager) => manager.query(conflict('40P01'))).catch(() => undefined);
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
});
