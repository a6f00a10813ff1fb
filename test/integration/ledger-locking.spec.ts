import { noFaults } from '../../libs/tcc/src/core/fault-point.js';
import { GroupCommit } from '../../libs/tcc/src/ledger/group-commit.js';
import type { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import {
  aBatch,
  aBegin,
  aBranch,
  aDecision,
  LedgerFixture,
  LONG_MS,
  OWNER,
  shuffled,
} from '../support/ledger-fixture.js';

let fixture: LedgerFixture;
let ledger: PostgresLedger;
let instances: PostgresLedger[];

beforeAll(async () => {
  fixture = await LedgerFixture.create();
  instances = await Promise.all(Array.from({ length: 5 }, () => fixture.ledger()));
  ledger = instances[0] as PostgresLedger;
});
afterAll(() => fixture.drop());

const begunMany = async (count: number): Promise<string[]> => {
  const begins = Array.from({ length: count }, () => aBegin());
  await ledger.flush(aBatch({ begins }));
  return begins.map(({ xid }) => xid);
};

describe('mixed flushes of five instances', () => {
  it('never deadlock, in hundreds of rounds with begins, registrations, decisions and settlements in any order', async () => {
    for (let round = 0; round < 150; round++) {
      const trying = await begunMany(8);
      const decided = await begunMany(8);
      // Registered too late: they lock what a renewal locks.
      const refused = await begunMany(8);
      await ledger.flush(aBatch({ decides: [...decided, ...refused].map((xid) => aDecision(xid)) }));
      const keys = ['a', 'b', 'c', 'd'].map((key) => `${key}${round}`);
      const leases = [...decided, ...refused].map((xid) => ({ xid, owner: OWNER, epoch: 1 }));
      // A deadlock would be a LedgerFailure `conflict`, which rejects here.
      const flushes = Promise.all(
        instances.map((instance, index) =>
          instance.flush({
            begins: shuffled(keys).map((key) => aBegin({ key })),
            registers: shuffled([...trying.slice(0, 6), ...refused]).map((xid) => ({
              xid,
              branches: [aBranch({ seq: index + 2 })],
            })),
            decides: shuffled(trying.slice(6)).map((xid) => aDecision(xid, 'cancelling', { owner: `o${index}` })),
            settles: shuffled(leases.slice(0, decided.length)).map((lease) => ({ ...lease, seqs: [1] })),
          }),
        ),
      );
      const [answers] = await Promise.all([
        flushes,
        ...instances.map((instance) => instance.renew(shuffled(leases), LONG_MS)),
      ]);
      await Promise.all([ledger.renew(shuffled(leases), LONG_MS), instances[1]?.release(shuffled(leases))]);
      expect(answers.flatMap(({ begins }) => begins).filter(({ answer }) => answer === 'done')).toHaveLength(
        keys.length,
      );
      expect(answers.flatMap(({ registers }) => registers).filter(({ answer }) => answer === 'done')).toHaveLength(30);
    }
  });
});

describe('a row that somebody holds', () => {
  it('is skipped by decide and settle, and the other forty-nine of the flush go through at once', async () => {
    const xids = await begunMany(51);
    const [toSettle = '', held = ''] = xids;
    await ledger.flush(aBatch({ decides: [aDecision(toSettle)] }));
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = any($1::uuid[]) for update', [[toSettle, held]]);
    const { decides, settles } = await ledger.flush(
      aBatch({
        decides: xids.slice(1).map((xid) => aDecision(xid)),
        settles: [{ xid: toSettle, owner: OWNER, epoch: 1, seqs: [1] }],
      }),
    );
    await other.query('rollback');
    expect(decides.map(({ answer }) => answer)).toEqual(['skipped', ...xids.slice(2).map(() => 'done')]);
    expect(settles).toEqual([{ answer: 'skipped' }]);
  });

  it('is told from a transaction that does not exist', async () => {
    const [xid = ''] = await begunMany(1);
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = $1 for update', [xid]);
    const nobody = aBegin().xid;
    const { decides, settles } = await ledger.flush(
      aBatch({
        decides: [aDecision(nobody), aDecision(xid)],
        settles: [{ xid: aBegin().xid, owner: OWNER, epoch: 1, seqs: [] }],
      }),
    );
    await other.query('rollback');
    expect(decides).toEqual([{ answer: 'refused', status: undefined }, { answer: 'skipped' }]);
    expect(settles).toEqual([{ answer: 'refused' }]);
  });

  it('is passed over by a claim', async () => {
    const service = 'passed-over';
    const begins = [aBegin({ service }), aBegin({ service })];
    await ledger.flush(aBatch({ begins }));
    const [held, free] = begins.map(({ xid }) => xid);
    await ledger.flush(aBatch({ decides: begins.map(({ xid }) => aDecision(xid, 'confirming', { leaseMs: 0 })) }));
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = $1 for update', [held]);
    const claimed = await ledger.claim({ service, owner: 'r', leaseMs: LONG_MS, limit: 100, except: [] });
    await other.query('rollback');
    expect(claimed.map(({ xid }) => xid)).toEqual([free]);
  });

  it('does not keep the other leases of its instance from being renewed', async () => {
    const xids = await begunMany(3);
    await ledger.flush(aBatch({ decides: xids.map((xid) => aDecision(xid)) }));
    const [held, ...free] = xids;
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = $1 for update', [held]);
    const leases = xids.map((xid) => ({ xid, owner: OWNER, epoch: 1 }));
    const renewed = await ledger.renew(leases, LONG_MS);
    await other.query('rollback');
    expect([...renewed].toSorted()).toEqual(free.toSorted());
    expect((await ledger.renew(leases, LONG_MS)).size).toBe(3);
  });
});

describe('rows that change while a flush is on its way to them', () => {
  // The first row of the flush waits at a gate, behind the snapshot that finds the others.
  const whileWaiting = async <T>(xid: string, flush: () => Promise<T>, change: () => Promise<unknown>): Promise<T> => {
    await fixture.rows(`
      create function wait_before() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(79); return new; end $$;
      create trigger wait_before before update on tcc_transaction for each row when (old.xid = '${xid}') execute function wait_before();`);
    const gate = await fixture.client();
    await gate.query('select pg_advisory_lock(79)');
    const waiting = flush();
    await fixture.blocked();
    await change();
    await gate.query('select pg_advisory_unlock(79)');
    const answer = await waiting;
    await fixture.rows('drop trigger wait_before on tcc_transaction; drop function wait_before');
    return answer;
  };

  it('are decided as they are once they are locked', async () => {
    const xids = await begunMany(4);
    const [first = '', cancelled = '', late, touched] = xids;
    const { decides } = await whileWaiting(
      first,
      () => ledger.flush(aBatch({ decides: xids.map((xid) => aDecision(xid)) })),
      async () => {
        await instances[1]?.flush(aBatch({ decides: [aDecision(cancelled, 'cancelling', { owner: 'another' })] }));
        await fixture.rows('update tcc_transaction set deadline = now() where xid = $1', [late]);
        await fixture.rows(`update tcc_transaction set name = 'touched' where xid = $1`, [touched]);
      },
    );
    expect(decides).toEqual([
      { answer: 'done', status: 'confirming', leased: true },
      { answer: 'refused', status: 'cancelling' },
      { answer: 'refused', status: 'trying' },
      { answer: 'done', status: 'confirming', leased: true },
    ]);
    const stored = await fixture.rows(
      'select status, owner, epoch, name from tcc_transaction where xid = any($1::uuid[]) order by xid',
      [xids],
    );
    expect(stored).toEqual([
      { status: 'confirming', owner: OWNER, epoch: 1, name: 'checkout' },
      { status: 'cancelling', owner: 'another', epoch: 1, name: 'checkout' },
      { status: 'trying', owner: null, epoch: 0, name: 'checkout' },
      { status: 'confirming', owner: OWNER, epoch: 1, name: 'touched' },
    ]);
  });

  it('are settled as they are once they are locked', async () => {
    const xids = await begunMany(3);
    await ledger.flush(aBatch({ decides: xids.map((xid) => aDecision(xid)) }));
    const [first = '', taken, touched] = xids;
    const { settles } = await whileWaiting(
      first,
      () => ledger.flush(aBatch({ settles: xids.map((xid) => ({ xid, owner: OWNER, epoch: 1, seqs: [1] })) })),
      async () => {
        await fixture.rows(`update tcc_transaction set owner = 'another', epoch = 2 where xid = $1`, [taken]);
        await fixture.rows(`update tcc_transaction set name = 'touched' where xid = $1`, [touched]);
      },
    );
    expect(settles).toEqual([{ answer: 'done' }, { answer: 'refused' }, { answer: 'done' }]);
    const stored = await fixture.rows(
      'select status, epoch, name from tcc_transaction where xid = any($1::uuid[]) order by xid',
      [xids],
    );
    expect(stored).toEqual([
      { status: 'confirmed', epoch: 1, name: 'checkout' },
      { status: 'confirming', epoch: 2, name: 'checkout' },
      { status: 'confirmed', epoch: 1, name: 'touched' },
    ]);
  });
});

describe('one write of a flush that is hindered', () => {
  it('leaves the answers of the others of its kind as they are', async () => {
    const [open = '', late = '', decided = ''] = await begunMany(3);
    await fixture.rows('update tcc_transaction set deadline = now() where xid = $1', [late]);
    await ledger.flush(aBatch({ decides: [aDecision(decided)] }));
    const registered = await ledger.flush(
      aBatch({
        registers: [open, late, decided, aBegin().xid].map((xid) => ({
          xid,
          branches: [aBranch({ seq: 2 }), aBranch({ seq: 3 })],
        })),
      }),
    );
    expect(registered.registers).toEqual([
      { answer: 'done' },
      { answer: 'refused', status: 'trying' },
      { answer: 'refused', status: 'confirming' },
      { answer: 'refused', status: undefined },
    ]);
    const begins = [aBegin({ branches: [aBranch(), aBranch({ seq: 2 })] }), aBegin({ key: 'once' })];
    await ledger.flush(aBatch({ begins: [aBegin({ key: 'once', branches: [] })] }));
    const begun = await ledger.flush(aBatch({ begins: [...begins, aBegin({ branches: [] })] }));
    expect(begun.begins).toMatchObject([
      { answer: 'done', status: 'trying' },
      { answer: 'refused' },
      { answer: 'done', status: 'trying' },
    ]);
    const stored = await fixture.rows<{ seq: number }>(
      'select seq from tcc_branch where xid = any($1::uuid[]) order by xid, seq',
      [[open, late, decided, ...begins.map(({ xid }) => xid)]],
    );
    expect(stored.map(({ seq }) => seq)).toEqual([1, 2, 3, 1, 1, 1, 2]);
  });

  it('is not hidden by one that touches no row when it succeeds', async () => {
    const holder = aBegin({ key: 'held' });
    await ledger.flush(aBatch({ begins: [holder] }));
    const hindered = aBegin({ key: 'held', branches: [] });
    const { begins } = await ledger.flush(aBatch({ begins: [aBegin(), hindered] }));
    expect(begins).toMatchObject([{ answer: 'done' }, { answer: 'refused', holder: { xid: holder.xid } }]);
  });
});

describe('first registrations in parallel', () => {
  it('all follow their begin, whichever flush they ride in', async () => {
    const commits = new GroupCommit(ledger, { timeoutMs: 20_000, fault: noFaults });
    const begins = Array.from({ length: 30 }, () => aBegin());
    const answers = await Promise.all(
      begins.flatMap((begin) => [
        commits.begin(begin),
        ...[2, 3, 4].map((seq) => commits.register({ xid: begin.xid, branches: [aBranch({ seq })] })),
      ]),
    );
    expect(answers.filter(({ answer }) => answer !== 'done')).toEqual([]);
    const [stored] = await fixture.rows<{ count: number }>(
      'select count(*)::int as count from tcc_branch where xid = any($1::uuid[])',
      [begins.map(({ xid }) => xid)],
    );
    expect(stored?.count).toBe(120);
  });
});

describe('one idempotency key', () => {
  it('has one holder of fifty concurrent begins over five instances, and each of the others is told who', async () => {
    const begins = Array.from({ length: 50 }, () => aBegin({ key: 'order-50', fingerprint: 'f' }));
    const commits = instances.map((instance) => new GroupCommit(instance, { timeoutMs: 20_000, fault: noFaults }));
    const answers = await Promise.all(begins.map((begin, index) => (commits[index % 5] as GroupCommit).begin(begin)));
    const holders = begins.filter((_, index) => answers[index]?.answer === 'done').map(({ xid }) => xid);
    expect(holders).toHaveLength(1);
    const told = answers.flatMap((answer) => (answer.answer === 'refused' ? [answer.holder.xid] : []));
    expect(told).toEqual(Array.from({ length: 49 }, () => holders[0]));
  });

  it.each([
    ['rollback', 'done'],
    ['commit', 'refused'],
  ])('waits for a holder at work: when that one ends by %s, it is %s', async (end, expected) => {
    const [held, waiting] = [aBegin({ key: `k-${end}` }), aBegin({ key: `k-${end}` })];
    const other = await fixture.client();
    await other.query('begin');
    await other.query(
      `insert into tcc_transaction (xid, service, name, key, status, phase_order, baggage, created_at, deadline)
       values ($1, $2, $3, $4, 'trying', 'together', '{}', now(), now())`,
      [held.xid, held.service, held.name, held.key],
    );
    const answer = ledger.flush(aBatch({ begins: [waiting] }));
    await fixture.blocked();
    await other.query(end);
    expect((await answer).begins).toMatchObject([{ answer: expected }]);
  });

  it('that is freed between the attempt and the look at its holder is neither done nor refused, but tried again', async () => {
    // Fires also for an insert that did nothing, which is where the gap is.
    await fixture.rows(`
      create function wait_after() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(78); return null; end $$;
      create trigger wait_after after insert on tcc_transaction for each statement execute function wait_after();`);
    const [holder, next] = [aBegin({ key: 'gap' }), aBegin({ key: 'gap' })];
    await ledger.flush(aBatch({ begins: [holder] }));
    const gate = await fixture.client();
    await gate.query('select pg_advisory_lock(78)');
    const waiting = ledger.flush(aBatch({ begins: [next] }));
    await fixture.blocked();
    await instances[1]?.flush(aBatch({ decides: [aDecision(holder.xid, 'cancelling')] }));
    await gate.query('select pg_advisory_unlock(78)');
    expect((await waiting).begins).toEqual([{ answer: 'skipped' }]);
    await fixture.rows('drop trigger wait_after on tcc_transaction');
    expect((await ledger.flush(aBatch({ begins: [next] }))).begins).toEqual([{ answer: 'done', status: 'trying' }]);
  });

  it('of any length stays one key: long ones that differ at the end only are two', async () => {
    const long = 'k'.repeat(100_000);
    const [first, second, again] = [
      aBegin({ key: `${long}1` }),
      aBegin({ key: `${long}2` }),
      aBegin({ key: `${long}1` }),
    ];
    const { begins } = await ledger.flush(aBatch({ begins: [first, second, again] }));
    expect(begins.filter(({ answer }) => answer === 'done')).toHaveLength(2);
    expect(begins[1]).toMatchObject({ answer: 'done' });
  });
});

describe('claims', () => {
  it('of four instances at once never take one transaction twice, and leave none', async () => {
    const service = 'claimed';
    const begins = Array.from({ length: 200 }, () => aBegin({ service }));
    await ledger.flush(aBatch({ begins }));
    await ledger.flush(aBatch({ decides: begins.map(({ xid }) => aDecision(xid, 'confirming', { leaseMs: 0 })) }));
    const taken: string[] = [];
    await Promise.all(
      instances.slice(0, 4).map(async (instance, index) => {
        let idle = 0;
        // An empty answer may mean that the others have the rest locked at this moment.
        while (idle < 3) {
          const claimed = await instance.claim({ service, owner: `r${index}`, leaseMs: LONG_MS, limit: 7, except: [] });
          taken.push(...claimed.map(({ xid }) => xid));
          idle = claimed.length === 0 ? idle + 1 : 0;
        }
      }),
    );
    expect(taken.toSorted()).toEqual(begins.map(({ xid }) => xid).toSorted());
  });

  it('find what is due by the partial index, however much is open', async () => {
    await fixture.rows('set enable_seqscan = off');
    const plan = await fixture.rows<{ 'QUERY PLAN': string }>(
      `explain select xid from tcc_transaction where service = 'shop' and due_at is not null and due_at <= statement_timestamp()
       order by due_at limit 10`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(
      /tcc_transaction_due[\s\S]*Index Cond: .*due_at <= statement_timestamp/,
    );
  });
});

describe('hand back', () => {
  it('takes its due time from the branches as they are under the lock: an operator may have changed them', async () => {
    const [xid = ''] = await begunMany(1);
    await ledger.flush(aBatch({ decides: [aDecision(xid)] }));
    await fixture.rows('update tcc_branch set parked_at = now() where xid = $1', [xid]);
    const operator = await fixture.client();
    await operator.query('begin');
    await operator.query('select 1 from tcc_transaction where xid = $1 for no key update', [xid]);
    await operator.query('update tcc_branch set parked_at = null where xid = $1', [xid]);
    const back = ledger.handBack({ xid, owner: OWNER, epoch: 1, settled: [], setbacks: [], instance: 'i' });
    await fixture.blocked();
    await operator.query('commit');
    expect(await back).toBe(true);
    const [row] = await fixture.rows<{ due: boolean }>(
      'select due_at <= clock_timestamp() as due from tcc_transaction where xid = $1',
      [xid],
    );
    expect(row?.due).toBe(true);
  });
});
