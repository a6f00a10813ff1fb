import pg from 'pg';
import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import {
  type BarrierBench,
  branch,
  gate,
  Hold,
  openBarrierBench,
  useBarrierBench,
  WAYS,
} from '../support/barrier-bench.js';

/** What Postgres ends a connection with that sat idle in its transaction for too long. */
const IDLE_IN_TRANSACTION = '25P03';

describe.each(WAYS)('the barrier and those who wait for it, business code %s', (way) => {
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

  it('a delivery that meets another one for too long answers "not yet"', async () => {
    // At once: each of them waits for two seconds.
    const meet = async (phase: 'confirm' | 'cancel') => {
      const of = branch();
      await bench.phase(of.try, async () => undefined);
      const inside = gate();
      const end = gate();
      const slow = bench.phase(of[phase], async () => {
        await holdFor(bench, of.key)();
        inside.open();
        await end.wait;
      });
      await inside.wait;
      const busy = bench.phase(of[phase], holdFor(bench, `${of.key} busy`));
      await expect(busy).rejects.toMatchObject({
        code: 'TCC_BARRIER_BUSY',
        branch: 'payment.authorize',
        xid: of.try.xid,
      });
      end.open();
      expect(await slow).toMatchObject({ ran: true });
      return of.key;
    };
    const held = await Promise.all([meet('confirm'), meet('cancel')]);
    expect(await bench.holds()).toEqual(held.toSorted());
  });

  describe('a session with a lock_timeout of its own', () => {
    const LIMITS = ['0', '3s'];
    let sessions: BarrierBench[];
    beforeAll(async () => {
      const open = (limit: string) =>
        openBarrierBench(`${bench.database.url}?options=-c%20lock_timeout%3D${limit}`, {}, way);
      sessions = await Promise.all(LIMITS.map(open));
    });
    afterAll(() => Promise.all(sessions.map((session) => session.close())));

    /** Holds the row `key`, which is there, until the test lets go of it. */
    const contend = async (key: string): Promise<pg.Client> => {
      const other = new pg.Client(bench.database.url);
      await other.connect();
      await other.query('begin');
      await other.query('update hold set amount = 2 where key = $1', [key]);
      return other;
    };

    it.each(['confirm', 'cancel'] as const)('has it back before the business code of %s', async (phase) => {
      for (const [index, session] of sessions.entries()) {
        const of = branch();
        await session.phase(of.try, async () => undefined);
        const done = await session.phase(of[phase], () =>
          session.dataSource.query(`select current_setting($1)`, ['lock_timeout']),
        );
        expect(done).toMatchObject({ value: [{ current_setting: LIMITS[index] }] });
      }
    });

    it.each(['confirm', 'cancel'] as const)('has it back in a %s that has waited for its row', async (phase) => {
      for (const [index, session] of sessions.entries()) {
        const of = branch();
        await session.phase(of.try, async () => undefined);
        const other = new pg.Client(bench.database.url);
        await other.connect();
        await other.query('begin');
        // Leaves the status as it is, so that the barrier statement judges the new row again and goes on.
        await other.query('update tcc_barrier set created_at = now() where xid = $1', [of.try.xid]);
        const done = session.phase(of[phase], () =>
          session.dataSource.query(`select current_setting($1)`, ['lock_timeout']),
        );
        await bench.blocked();
        await other.query('commit');
        await other.end();
        expect(await done).toMatchObject({ ran: true, value: [{ current_setting: LIMITS[index] }] });
      }
    });

    it('lets a business statement wait for a lock longer than the barrier would', async () => {
      const waitIn = async (session: BarrierBench, key: string) => {
        const of = branch();
        await session.phase(of.try, holdFor(session, key));
        const other = await contend(key);
        const confirming = codeOf(
          session.phase(of.confirm, () =>
            session.dataSource.query('update hold set amount = amount + 1 where key = $1', [key]),
          ),
        );
        // Also ends when the statement was cut: what it answered then tells.
        let answered = false;
        void confirming.then(() => (answered = true));
        const waited = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and clock_timestamp() - query_start > '2.3 s' and $1::int = any(pg_blocking_pids(pid))`;
        const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid');
        while (!answered && (await bench.observer.query(waited, [rows[0]!.pid])).rowCount === 0);
        await other.query('commit');
        await other.end();
        expect(await confirming).toMatchObject({ ran: true });
      };
      await Promise.all(sessions.map((session, index) => waitIn(session, `contended ${index}`)));
    });

    it('a lock that the business code waits for in vain is its own failure', async () => {
      for (const [index, session] of sessions.entries()) {
        const key = `contended ${index}`;
        const of = branch();
        await session.phase(of.try, holdFor(session, key));
        const other = await contend(key);
        const confirming = session.phase(of.confirm, async () => {
          await session.dataSource.query(`select set_config('lock_timeout', $1, true)`, ['50ms']);
          await session.dataSource.query('delete from hold where key = $1', [key]);
        });
        await expect(confirming).rejects.toMatchObject({ code: '55P03', name: 'QueryFailedError' });
        await other.query('rollback');
        await other.end();
      }
    });
  });

  // Of its session, not of the barrier's wait: 'not yet' would hide that it never works.
  it('a first statement that waits for a lock in vain is its own failure', async () => {
    const impatient = await openBarrierBench(`${bench.database.url}?options=-c%20lock_timeout%3D50ms`, {}, way);
    const of = branch();
    await impatient.phase(of.try, holdFor(impatient, of.key));
    const other = new pg.Client(bench.database.url);
    await other.connect();
    await other.query('begin');
    await other.query('delete from hold');
    await expect(impatient.phase(of.confirm, giveBack(impatient, of.key))).rejects.toMatchObject({
      code: '55P03',
      name: 'QueryFailedError',
    });
    await other.end();
    await impatient.close();
    expect(await bench.status(of.try)).toBe('tried');
  });
});
