import { noFaults, type FaultHook } from '../../libs/tcc/src/core/fault-point.js';
import { GroupCommit } from '../../libs/tcc/src/ledger/group-commit.js';
import type { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import {
  aBegin,
  aBranch,
  aDecision,
  eventually,
  LedgerFixture,
  OWNER,
  SERVICE,
  shuffled,
} from '../support/ledger-fixture.js';
import { TcpRelay } from '../support/tcp-relay.js';

let fixture: LedgerFixture;
let ledger: PostgresLedger;

beforeAll(async () => {
  fixture = await LedgerFixture.create();
  ledger = await fixture.ledger();
});
afterAll(() => fixture.drop());

const over = (port: PostgresLedger, fault: FaultHook = noFaults): GroupCommit =>
  new GroupCommit(port, { timeoutMs: 60_000, fault });

describe('group commit over Postgres', () => {
  it('spares the neighbours of a bad row', async () => {
    const commits = over(ledger);
    const begins = Array.from({ length: 50 }, (_, index) =>
      aBegin({ branches: [aBranch(index === 17 ? { args: 'a\u0000b' } : index === 31 ? { seq: 2 ** 40 } : {})] }),
    );
    const answers = await Promise.allSettled(begins.map((begin) => commits.begin(begin)));
    const bad = answers.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(bad).toEqual([17, 31]);
    expect(
      await Promise.all(
        [17, 31, 18].map((index) => ledger.find(begins[index]?.xid ?? '').then((found) => found?.status)),
      ),
    ).toEqual([undefined, undefined, 'trying']);
  });

  it('does not stall fifty decisions behind one locked row, and decides that one once it is free', async () => {
    const commits = over(ledger);
    const begins = Array.from({ length: 50 }, () => aBegin());
    await Promise.all(begins.map((begin) => commits.begin(begin)));
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = $1 for update', [begins[7]?.xid]);
    const decisions = begins.map(({ xid }) => commits.decide(aDecision(xid)));
    await Promise.all(decisions.filter((_, index) => index !== 7));
    expect((await ledger.find(begins[7]?.xid ?? ''))?.status).toBe('trying');
    await other.query('commit');
    expect(await decisions[7]).toEqual({ answer: 'done', status: 'confirming', leased: true });
  });

  it('has one effect of each write though the connection was cut during the flush, whichever side was left at work', async () => {
    for (const how of ['the backend is ended', 'the wire is cut'] as const) {
      const relay = await TcpRelay.to(fixture.database.url);
      const commits = over(await fixture.ledger({ pool: { connectionString: relay.url } }));
      const key = `cut: ${how}`;
      const [first, decided] = [aBegin({ key }), aBegin()];
      await commits.begin(decided);
      const other = await fixture.client();
      await other.query('begin');
      await other.query(
        `insert into tcc_transaction (xid, service, name, key, status, phase_order, baggage, created_at, deadline)
         values (gen_random_uuid(), $1, 'checkout', $2, 'trying', 'together', '{}', now(), now())`,
        [SERVICE, key],
      );
      const pending = [
        commits.begin(first),
        commits.register({ xid: first.xid, branches: [aBranch({ seq: 2 })] }),
        commits.decide(aDecision(decided.xid)),
      ];
      const [pid] = await fixture.blocked();
      if (how === 'the wire is cut') relay.cut();
      else await fixture.rows('select pg_terminate_backend($1)', [pid]);
      // The second sending waits like the first one, which may still be there.
      await eventually('re-sent', async () => (await fixture.blocked()).find((other) => other !== pid));
      await other.query('rollback');
      expect(await Promise.all(pending)).toEqual([
        { answer: 'done', status: 'trying' },
        { answer: 'done' },
        { answer: 'done', status: 'confirming', leased: true },
      ]);
      expect((await ledger.branches(first.xid)).map(({ seq }) => seq)).toEqual([1, 2]);
      const [row] = await fixture.rows('select status, epoch from tcc_transaction where xid = $1', [decided.xid]);
      expect(row).toEqual({ status: 'confirming', epoch: 1 });
      await relay.close();
    }
  });

  it('repeats every kind of write whose answer was lost, and each has one effect', async () => {
    const lost = new Set<string>();
    const commits = over(ledger, (point) => {
      if (!point.endsWith('.done') || lost.has(point)) return undefined;
      lost.add(point);
      return Promise.reject(new Error('answer lost'));
    });
    const begin = aBegin({ key: 'lost' });
    expect(await commits.begin(begin)).toEqual({ answer: 'done', status: 'trying' });
    expect(await commits.register({ xid: begin.xid, branches: [aBranch({ seq: 2 })] })).toEqual({ answer: 'done' });
    expect(await commits.decide(aDecision(begin.xid))).toEqual({ answer: 'done', status: 'confirming', leased: true });
    expect(await commits.settle({ xid: begin.xid, owner: OWNER, epoch: 1, seqs: [1, 2] })).toEqual({ answer: 'done' });
    expect(lost.size).toBe(4);
    const [row] = await fixture.rows(
      'select status, epoch, (select count(*)::int from tcc_branch b where b.xid = t.xid) as branches from tcc_transaction t where xid = $1',
      [begin.xid],
    );
    expect(row).toEqual({ status: 'confirmed', epoch: 1, branches: 2 });
  });

  it('lets two instances begin with the same keys crosswise, again and again: one holder each, no begin lost', async () => {
    const instances = [over(ledger), over(await fixture.ledger())];
    for (let round = 0; round < 60; round++) {
      const keys = Array.from({ length: 8 }, (_, index) => `cross-${round}-${index}`);
      const answers = await Promise.all(
        instances.flatMap((commits) =>
          shuffled(keys).map(async (key) => ({ key, ...(await commits.begin(aBegin({ key }))) })),
        ),
      );
      const holders = answers.filter(({ answer }) => answer === 'done').map(({ key }) => key);
      expect(holders.toSorted()).toEqual(keys.toSorted());
    }
  });

  it('begins with a key that was freed by a cancel, and refuses while another holds it', async () => {
    const commits = over(ledger);
    const [first, second, third] = [aBegin({ key: 'freed' }), aBegin({ key: 'freed' }), aBegin({ key: 'freed' })];
    await commits.begin(first);
    expect(await commits.begin(second)).toMatchObject({ answer: 'refused', holder: { xid: first.xid } });
    await commits.decide(aDecision(first.xid, 'cancelling'));
    const answers = await Promise.all([commits.begin(second), commits.begin(third)]);
    expect(answers.map(({ answer }) => answer).toSorted()).toEqual(['done', 'refused']);
  });
});
