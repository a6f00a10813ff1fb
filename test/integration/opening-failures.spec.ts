import pg from 'pg';
import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import { type BarrierBench, branch, openBarrierBench, WAYS } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { WireTap } from '../support/wire-tap.js';

describe.each(WAYS)('an opening that fails, business code %s', (way) => {
  let database: TestDatabase;
  let bench: BarrierBench;
  let other: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    bench = await openBarrierBench(database.url, { extra: { max: 1 } }, way);
    other = new pg.Client(database.url);
    await other.connect();
  });
  afterAll(async () => {
    await other.end();
    await bench.close();
    await database.drop();
  });
  beforeEach(() => bench.observer.query('truncate hold, tcc_barrier'));

  const raw = (key: string, on = bench) => on.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const backend = async () => {
    const [row] = await bench.dataSource.query<{ pid: number }[]>('select pg_backend_pid() as pid');
    return row!.pid;
  };
  /** A branch that was tried and whose row another session has, until it ends its transaction. */
  const contended = async () => {
    const of = branch();
    await bench.phase(of.try, async () => undefined);
    await other.query('begin');
    await other.query('select from tcc_barrier where xid = $1 for update', [of.try.xid]);
    return of;
  };
  /** What another session than the bench's pool waits for. */
  const blockedPid = async (): Promise<number> => {
    await bench.blocked();
    const waiting = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return (await bench.observer.query<{ pid: number }>(waiting)).rows[0]!.pid;
  };

  it('because the row is taken: "not yet", nothing has taken effect, and the same connection opens again', async () => {
    const of = await contended();
    const pid = await backend();
    const busy = bench.phase(of.confirm, () => raw(of.key).catch(() => undefined));
    await expect(busy).rejects.toMatchObject({ code: 'TCC_BARRIER_BUSY', xid: of.try.xid });
    await other.query('commit');
    expect([await bench.status(of.try), await bench.holds()]).toEqual(['tried', []]);
    for (const call of [of.confirm, branch().try, branch().try]) {
      expect(await bench.phase(call, () => raw(`${call.xid} ${call.phase}`))).toMatchObject({ ran: true });
    }
    expect(await backend()).toBe(pid);
    expect(await bench.holds()).toHaveLength(3);
  });

  it.each(['writes', 'catches what its first statement throws'])(
    'because its connection dies, under business code that %s',
    async (what) => {
      const of = await contended();
      const dying = bench.phase(of.cancel, () => (what === 'writes' ? raw('x') : raw('x').catch(() => undefined)));
      const answer = dying.catch((error: unknown) => error);
      await bench.observer.query('select pg_terminate_backend($1, 5000)', [await blockedPid()]);
      expect(await answer).toMatchObject({ code: '57P01' });
      await other.query('commit');
      expect([await bench.status(of.try), await bench.holds()]).toEqual(['tried', []]);
      expect(await bench.phase(of.cancel, () => raw('x'))).toMatchObject({ ran: true });
    },
  );

  it('because the client gives it up (query_timeout): what the server does with it later has no effect', async () => {
    const impatient = await openBarrierBench(database.url, { extra: { max: 1, query_timeout: 200 } }, way);
    const of = await contended();
    const answer = impatient.phase(of.confirm, () => raw('x', impatient)).catch((error: unknown) => error);
    const pid = await blockedPid();
    expect(await answer).toMatchObject({ message: expect.stringContaining('timeout') });
    await other.query('commit');
    // Until the server has seen that the client is gone.
    while ((await bench.observer.query('select from pg_stat_activity where pid = $1', [pid])).rowCount !== 0);
    expect([await bench.status(of.try), await bench.holds()]).toEqual(['tried', []]);
    expect(await impatient.phase(of.confirm, () => raw('y', impatient))).toMatchObject({ ran: true });
    await impatient.close();
  });

  it('because of a conflict: it is run again', async () => {
    await bench.observer.query(`
      create sequence openings;
      create function conflict() returns trigger language plpgsql as
        $$ begin if nextval('openings') % 3 <> 0 then raise exception 'conflict' using errcode = '40001'; end if; return new; end $$;
      create trigger conflict before insert on tcc_barrier for each row execute function conflict();`);
    const of = branch();
    expect(await bench.phase(of.try, () => raw(of.key))).toMatchObject({ ran: true });
    const swallowing = branch();
    const done = await bench.phase(swallowing.try, () => raw(swallowing.key).catch(() => undefined));
    expect(done).toMatchObject({ ran: true });
    await bench.observer.query('drop trigger conflict on tcc_barrier; drop function conflict; drop sequence openings');
    expect(await bench.holds()).toEqual([of.key, swallowing.key].toSorted());
  });

  it('because no time is left: neither it nor a statement is sent', async () => {
    const tap = new WireTap(bench.dataSource);
    const of = branch({ deadline: monotonicNow() });
    const { texts } = await tap.during(async () => {
      for (const business of [() => raw('x'), () => raw('x').catch(() => undefined), async () => undefined]) {
        await expect(bench.phase(of.try, business)).rejects.toMatchObject({ code: 'TCC_TIMED_OUT', xid: of.try.xid });
      }
    });
    expect(texts.filter((text) => text !== 'rollback')).toEqual([]);
    expect([await bench.status(of.try), await bench.holds()]).toEqual([undefined, []]);
  });

  it('because its identifiers are none: nothing is sent', async () => {
    await expect(bench.phase({ ...branch().try, xid: 'none' }, () => raw('x'))).rejects.toThrow(TypeError);
    expect(await bench.phase(branch().try, () => raw('y'))).toMatchObject({ ran: true });
    expect(await bench.holds()).toEqual(['y']);
  });
});
