import type { QueryRunner } from 'typeorm';
import { branch, gate, Hold, openBarrierBench, useBarrierBench, WAYS } from '../support/barrier-bench.js';

/** The server's last word, or the socket's where that was faster. */
const LOST = /terminat|ECONNRESET|EPIPE/;

/** Held by the trigger below until the test lets go of it. */
const AT_COMMIT = 4711;

describe.each(WAYS)('the barrier when something breaks, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 2, connectionTimeoutMillis: 5_000 } });
  beforeAll(async () => {
    await bench.observer.query(`
      create function at_commit() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock(${AT_COMMIT}); return null; end $$;
      create constraint trigger slow_commit after insert on hold deferrable initially deferred
        for each row when (new.account = 'slow') execute function at_commit();`);
  });

  const raw = (key: string, account = 'a') =>
    bench.dataSource.query('insert into hold values ($1, $2, 1)', [key, account]);
  const backend = async (): Promise<number> => {
    const [row] = await bench.dataSource.query<{ pid: number }[]>('select pg_backend_pid() as pid');
    return row!.pid;
  };
  /** Both connections of the pool can be had, are outside any transaction and have their settings back. */
  const expectHealthyPool = async (): Promise<void> => {
    const runners: QueryRunner[] = [bench.dataSource.createQueryRunner(), bench.dataSource.createQueryRunner()];
    for (const runner of runners) {
      const state = `select pg_current_xact_id_if_assigned() as xact, current_setting('lock_timeout') as lock, now() = statement_timestamp() as fresh`;
      expect(await runner.query(state)).toEqual([{ xact: null, lock: '0', fresh: true }]);
    }
    for (const runner of runners) await runner.release();
  };

  it.each(['try', 'confirm', 'cancel'] as const)(
    'a statement of %s that failed and whose error was caught: nothing is written',
    async (phase) => {
      const of = branch();
      if (phase !== 'try') await bench.phase(of.try, async () => undefined);
      const swallowed = bench.phase(of[phase], async () => {
        await raw('x');
        await raw('x').catch(() => undefined);
      });
      await expect(swallowed).rejects.toMatchObject({ code: 'TCC_LOCAL_TRANSACTION_ABORTED', xid: of.try.xid, phase });
      expect(await bench.holds()).toEqual([]);
      expect(await bench.status(of.try)).toBe(phase === 'try' ? undefined : 'tried');
      await expectHealthyPool();
    },
  );

  it('a commit that a deferred constraint refuses is an error, and nothing is written', async () => {
    await bench.observer.query('alter table hold add constraint one unique (account) deferrable initially deferred');
    const of = branch();
    const refused = bench.phase(of.try, async () => {
      await raw('x');
      await raw('y');
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    await bench.observer.query('alter table hold drop constraint one');
    expect([await bench.status(of.try), await bench.holds()]).toEqual([undefined, []]);
    await expectHealthyPool();
  });

  it.each([
    'begin',
    ' COMMIT',
    'rollback',
    'start transaction',
    'end',
    '/* all */ abort',
    '-- now\ncommit; select 1',
    `prepare transaction 'x'`,
  ])('refuses %j as a query of business code', async (statement) => {
    const of = branch();
    const failing = bench.phase(of.try, async () => {
      await raw('x');
      await bench.dataSource.query(statement);
    });
    await expect(failing).rejects.toMatchObject({ name: 'OverlappingTransactionsError', phase: 'try' });
    expect([await bench.status(of.try), await bench.holds()]).toEqual([undefined, []]);
    await expectHealthyPool();
  });

  it('lets statements pass that only look like it', async () => {
    await bench.phase(branch().try, async () => {
      await bench.dataSource.query('savepoint mine');
      await bench.dataSource.query('rollback to savepoint mine');
      await bench.dataSource.query('ROLLBACK TRANSACTION TO mine');
      await bench.dataSource.query('select 1 as commit');
      await raw('x');
    });
    expect(await bench.holds()).toEqual(['x']);
  });

  it.each(['try', 'confirm', 'cancel'] as const)(
    'a connection that dies during the business code of %s',
    async (phase) => {
      const of = branch();
      if (phase !== 'try') await bench.phase(of.try, async () => undefined);
      const dying = bench.phase(of[phase], async () => {
        await raw('x');
        await bench.observer.query('select pg_terminate_backend($1, 5000)', [await backend()]);
        await raw('y');
      });
      await expect(dying).rejects.toThrow(LOST);
      expect([await bench.status(of.try), await bench.holds()]).toEqual([phase === 'try' ? undefined : 'tried', []]);
      await expectHealthyPool();
      expect(await bench.phase(of[phase], () => raw('x'))).toMatchObject({ ran: true });
      expect(await bench.holds()).toEqual(['x']);
    },
  );

  it('a connection that dies while business code waits for its turn lets nobody wait for ever', async () => {
    const dead = gate();
    const dying = bench.phase(branch().try, async () => {
      const pid = await backend();
      const open = bench.dataSource.transaction(async () => {
        // Waits for a query that waits for this transaction to end: only the death of the connection undoes the knot.
        await beside;
      });
      const beside: Promise<unknown> = raw('beside').catch(() => dead.open());
      await bench.observer.query('select pg_terminate_backend($1, 5000)', [pid]);
      await dead.wait;
      await open;
    });
    await expect(dying).rejects.toThrow(LOST);
    await expectHealthyPool();
  });

  it('a connection that dies during COMMIT is an error; the next delivery finds out', async () => {
    await bench.observer.query('select pg_advisory_lock($1)', [AT_COMMIT]);
    const of = branch();
    const pid = gate<number>();
    const dying = bench.phase(of.try, async () => {
      pid.open(await backend());
      await raw('x', 'slow');
    });
    const answer = dying.catch((error: unknown) => error);
    await bench.blocked();
    await bench.observer.query('select pg_terminate_backend($1, 5000)', [await pid.wait]);
    expect(await answer).toMatchObject({ code: '57P01' });
    await bench.observer.query('select pg_advisory_unlock($1)', [AT_COMMIT]);
    expect(await bench.phase(of.cancel, async () => undefined)).toEqual({ ran: false, why: 'empty' });
    expect(await bench.holds()).toEqual([]);
    await expectHealthyPool();
  });

  it('200 failures of every kind leave both connections usable', async () => {
    const of = branch();
    await bench.phase(of.try, async () => undefined);
    const kinds: (() => Promise<unknown>)[] = [
      () => bench.phase(branch().try, () => Promise.reject(new Error('refused'))),
      () => bench.phase(branch().try, () => raw('x').then(() => raw('x'))),
      () => bench.phase(branch().try, () => raw('y').then(() => raw('y').catch(() => undefined))),
      () => bench.phase(branch().confirm, async () => undefined),
      () => bench.phase(of.try, async () => undefined),
      () =>
        bench.phase(branch({ beforeCommit: () => Promise.reject(new Error('not registered')) }).try, () => raw('z')),
      () => bench.phase(branch({ deadline: 0 }).try, async () => undefined),
      () => bench.phase(branch().try, () => bench.dataSource.createQueryRunner().startTransaction()),
      () =>
        bench.phase(branch().try, async () => {
          await bench.observer.query('select pg_terminate_backend($1)', [await backend()]);
          await raw('x');
        }),
      () => bench.phase({ ...branch().try, xid: 'none' }, async () => undefined),
    ];
    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, index) => kinds[index % kinds.length]!()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    await expectHealthyPool();
    expect(await bench.holds()).toEqual([]);
    expect(await bench.phase(branch().try, () => bench.dataSource.getRepository(Hold).count())).toEqual({
      ran: true,
      value: 0,
    });
  });

  it('a failure after the commit gives the connection back, too', async () => {
    bench.faults = (point) => (point === 'barrier.try.committed' ? Promise.reject(new Error('crash')) : undefined);
    for (let round = 0; round < 3; round += 1) {
      await expect(bench.phase(branch().try, async () => undefined)).rejects.toThrow('crash');
    }
    await expectHealthyPool();
  });

  it('a connection that could not be rolled back is not used again', async () => {
    const impatient = await openBarrierBench(bench.database.url, { extra: { max: 1, query_timeout: 200 } }, way);
    const timedOut = impatient.phase(branch().try, () => impatient.dataSource.query('select pg_sleep(3)'));
    await expect(timedOut).rejects.toThrow('timeout');
    expect(await impatient.phase(branch().try, async () => undefined)).toMatchObject({ ran: true });
    await impatient.close();
  });

  it('nothing is left open when the pool cannot give a connection', async () => {
    const extra = { max: 1, connectionTimeoutMillis: 300 };
    const small = await openBarrierBench(bench.database.url, { extra }, way);
    const taken = small.dataSource.createQueryRunner();
    await taken.connect();
    await expect(small.phase(branch().try, async () => undefined)).rejects.toThrow('timeout');
    await taken.release();
    expect(await small.phase(branch().try, () => small.dataSource.getRepository(Hold).count())).toMatchObject({
      ran: true,
    });
    await small.close();
  });
});
