import { LedgerFailure } from '../../libs/tcc/src/ledger/ledger-failure.js';
import { failureOf } from '../../libs/tcc/src/ledger/postgres/failure-of.js';
import type { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import {
  aBatch,
  aBegin,
  aBranch,
  aDecision,
  eventually,
  LedgerFixture,
  LONG_MS,
  OWNER,
  SERVICE,
} from '../support/ledger-fixture.js';
import { TcpRelay } from '../support/tcp-relay.js';

let fixture: LedgerFixture;
let ledger: PostgresLedger;

beforeAll(async () => {
  fixture = await LedgerFixture.create();
  ledger = await fixture.ledger();
});
afterAll(() => fixture.drop());

const failure = (work: Promise<unknown>): Promise<LedgerFailure> =>
  work.then(
    () => Promise.reject(new Error('it went through')),
    (error: unknown) => error as LedgerFailure,
  );
const hold = async (key: string): Promise<{ release: () => Promise<void> }> => {
  const other = await fixture.client();
  await other.query('begin');
  await other.query(
    `insert into tcc_transaction (xid, service, name, key, status, phase_order, baggage, created_at, deadline)
     values (gen_random_uuid(), $1, 'checkout', $2, 'trying', 'together', '{}', now(), now())`,
    [SERVICE, key],
  );
  return { release: async () => void (await other.query('rollback')) };
};

describe('a ledger call that fails', () => {
  it('is unavailable when nobody listens', async () => {
    const away = await fixture.ledger({ pool: { connectionString: 'postgres://nobody@127.0.0.1:1/none' } }, false);
    expect(await failure(away.open())).toMatchObject({ name: 'LedgerFailure', kind: 'unavailable' });
    expect(await failure(away.flush(aBatch({ begins: [aBegin()] })))).toMatchObject({ kind: 'unavailable' });
    expect(await failure(away.ping())).toMatchObject({ kind: 'unavailable' });
  });

  it('is unavailable when every connection is taken for too long: nothing was sent', async () => {
    const busy = await fixture.ledger({
      pool: { connectionString: fixture.database.url, connectionTimeoutMillis: 1_000 },
    });
    const held = await hold('taken');
    const [first, second] = ['taken', 'free'].map((key) => busy.flush(aBatch({ begins: [aBegin({ key })] })));
    expect(await failure(second as Promise<unknown>)).toMatchObject({ kind: 'unavailable' });
    await held.release();
    expect((await first)?.begins[0]).toMatchObject({ answer: 'done' });
  });

  it('is unavailable, without effect, when the server ends a statement that waits too long; reads go on meanwhile', async () => {
    const hasty = await fixture.ledger({ timeoutMs: 1_000 });
    const held = await hold('slow');
    const write = aBegin({ key: 'slow' });
    const flush = failure(hasty.flush(aBatch({ begins: [write] })));
    await fixture.blocked();
    expect(await hasty.find(write.xid)).toBeUndefined();
    expect(await flush).toMatchObject({ kind: 'unavailable', cause: { code: '57014' } });
    await held.release();
    expect(await ledger.find(write.xid)).toBeUndefined();
  });

  it('is unknown when the backend is ended during a flush, and the pool goes on with a new connection', async () => {
    const held = await hold('ended');
    const [write, other] = [aBegin({ key: 'ended' }), aBegin()];
    await ledger.flush(aBatch({ begins: [other] }));
    const flush = failure(ledger.flush(aBatch({ begins: [write], decides: [aDecision(other.xid)] })));
    const [pid] = await fixture.blocked();
    await fixture.rows('select pg_terminate_backend($1)', [pid]);
    expect(await flush).toMatchObject({ kind: 'unknown' });
    await held.release();
    expect((await ledger.find(other.xid))?.status).toBe('trying');
    expect((await ledger.flush(aBatch({ begins: [write] }))).begins).toEqual([{ answer: 'done', status: 'trying' }]);
  });

  it('is unknown when the wire is cut', async () => {
    const relay = await TcpRelay.to(fixture.database.url);
    const remote = await fixture.ledger({ pool: { connectionString: relay.url } });
    const held = await hold('cut');
    const flush = failure(remote.flush(aBatch({ begins: [aBegin({ key: 'cut' })] })));
    await fixture.blocked();
    relay.cut();
    expect(await flush).toMatchObject({ kind: 'unknown' });
    await held.release();
    await relay.close();
  });

  it('is unknown when the server never answers, unavailable while no new connection gets through, then well again', async () => {
    const relay = await TcpRelay.to(fixture.database.url);
    const remote = await fixture.ledger({ pool: { connectionString: relay.url }, timeoutMs: 1_000 });
    const write = aBegin();
    await remote.flush(aBatch({ begins: [write] }));
    relay.mute(true);
    expect(await failure(remote.flush(aBatch({ decides: [aDecision(write.xid)] })))).toMatchObject({ kind: 'unknown' });
    expect(await failure(remote.flush(aBatch({ decides: [aDecision(write.xid)] })))).toMatchObject({
      kind: 'unavailable',
    });
    relay.mute(false);
    expect((await remote.flush(aBatch({ decides: [aDecision(write.xid)] }))).decides[0]).toMatchObject({
      answer: 'done',
    });
    await relay.close();
  });

  it('does not end the process when idle connections are ended by the server', async () => {
    await ledger.ping();
    await ledger.flush(aBatch({ begins: [aBegin()] }));
    await fixture.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'nestjs-tcc'`,
    );
    await eventually('gone', async () => {
      const left = await fixture.rows(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'nestjs-tcc'`,
      );
      return left.length === 0 || undefined;
    });
    // The pool may still have to find out about one of them.
    const pinged = await eventually('a new connection', () =>
      ledger.ping().then(
        () => 'pinged',
        () => undefined,
      ),
    );
    expect(pinged).toBe('pinged');
  });

  it('is a rejection, without effect on its neighbours, when a payload cannot be kept exactly', async () => {
    for (const args of ['a\u0000b', 'half \ud83d']) {
      const [good, bad] = [aBegin(), aBegin({ branches: [aBranch({ args })] })];
      expect(await failure(ledger.flush(aBatch({ begins: [good, bad] })))).toMatchObject({ kind: 'rejected' });
      expect(await ledger.find(good.xid)).toBeUndefined();
    }
  });

  it('is a rejection, also in a flush of several kinds, when a row is at fault: all of it is rolled back', async () => {
    const [good, other] = [aBegin(), aBegin()];
    await ledger.flush(aBatch({ begins: [other] }));
    const bad = aBegin({ branches: [aBranch({ seq: 2 ** 40 })] });
    const flush = ledger.flush(aBatch({ begins: [good, bad], decides: [aDecision(other.xid)] }));
    expect(await failure(flush)).toMatchObject({ kind: 'rejected', cause: { code: '22003' } });
    expect(await ledger.find(good.xid)).toBeUndefined();
    expect((await ledger.find(other.xid))?.status).toBe('trying');
    // Neither the failed statement nor its echo is left in the connection.
    expect((await ledger.flush(aBatch({ begins: [good], decides: [aDecision(other.xid)] }))).decides[0]).toMatchObject({
      answer: 'done',
    });
  });

  it.each([
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['40003', 'unknown'],
    ['08006', 'unknown'],
    ['57P01', 'unknown'],
    ['57P02', 'unknown'],
    ['57P03', 'unavailable'],
    ['53100', 'unavailable'],
    ['53300', 'unavailable'],
    ['25006', 'unavailable'],
    ['25P04', 'unknown'],
    ['58030', 'unknown'],
    ['XX000', 'unknown'],
    ['23514', 'rejected'],
    ['42501', 'unavailable'],
    ['42P01', 'unavailable'],
    ['3F000', 'unavailable'],
  ])('SQLSTATE %s is %s', (code, kind) => {
    expect(failureOf(Object.assign(new Error('x'), { code, severity: 'ERROR' })).kind).toBe(kind);
  });

  it('is unknown for errors of the socket, also for EPIPE, which looks like an SQLSTATE', () => {
    for (const code of ['EPIPE', 'ECONNRESET'])
      expect(failureOf(Object.assign(new Error('x'), { code })).kind).toBe('unknown');
  });
});

describe('settings of a role or its database', () => {
  it('change nothing: statements run at READ COMMITTED and end in time', async () => {
    await fixture.rows(`alter database "${fixture.database.name}" set default_transaction_isolation = 'serializable'`);
    const fresh = await fixture.ledger();
    const begin = aBegin();
    await fresh.flush(aBatch({ begins: [begin] }));
    const other = await fixture.client();
    await other.query('begin isolation level read committed');
    await other.query(`update tcc_transaction set baggage = '{}' where xid = $1`, [begin.xid]);
    const waiting = fresh.flush(aBatch({ registers: [{ xid: begin.xid, branches: [aBranch({ seq: 2 })] }] }));
    await fixture.blocked();
    await other.query('commit');
    // At a higher level the wait would end with 40001.
    expect((await waiting).registers).toEqual([{ answer: 'done' }]);
    await fixture.rows(`alter database "${fixture.database.name}" reset default_transaction_isolation`);
  });
});

describe('listening for released work', () => {
  it('comes back by itself after its connection was ended', async () => {
    let woken = 0;
    const stop = await ledger.onRelease(SERVICE, () => woken++);
    const listeners = () =>
      fixture.rows<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and query like 'listen%'`,
      );
    const before = await eventually('listening', async () => (await listeners())[0]);
    await fixture.rows('select pg_terminate_backend($1)', [before.pid]);
    await eventually('listening again', async () => (await listeners()).find(({ pid }) => pid !== before.pid));
    const { xid } = aBegin();
    await ledger.flush(aBatch({ begins: [aBegin({ xid })] }));
    await ledger.flush(aBatch({ decides: [aDecision(xid)] }));
    await ledger.release([{ xid, owner: OWNER, epoch: 1 }]);
    await eventually('woken', () => woken > 0 || undefined);
    await stop();
    expect(await listeners()).toEqual([]);
  });

  it('that cannot connect is no error, and stops', async () => {
    const away = await fixture.ledger({ pool: { connectionString: 'postgres://nobody@127.0.0.1:1/none' } }, false);
    const stop = await away.onRelease(SERVICE, () => undefined);
    await expect(stop()).resolves.toBeUndefined();
  });

  it('is not woken by a hand back', async () => {
    let woken = 0;
    const stop = await ledger.onRelease(SERVICE, () => woken++);
    const [handed, released] = [aBegin(), aBegin()];
    await ledger.flush(aBatch({ begins: [handed, released] }));
    await ledger.flush(aBatch({ decides: [handed, released].map(({ xid }) => aDecision(xid)) }));
    await ledger.handBack({ xid: handed.xid, owner: OWNER, epoch: 1, settled: [], setbacks: [], instance: 'i' });
    // One channel delivers in order: had there been a first call, it would be here before this one.
    await ledger.release([{ xid: released.xid, owner: OWNER, epoch: 1 }]);
    await eventually('woken', () => woken > 0 || undefined);
    expect(woken).toBe(1);
    expect(await ledger.renew([{ xid: handed.xid, owner: OWNER, epoch: 1 }], LONG_MS)).toEqual(new Set());
    await stop();
  });
});
