import type { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import {
  aBatch,
  aBegin,
  aBranch,
  aDecision,
  LedgerFixture,
  LONG_MS,
  OWNER,
  SERVICE,
  shuffled,
} from '../support/ledger-fixture.js';

describe('removal beside the writes of other instances', () => {
  let fixture: LedgerFixture;
  let instances: PostgresLedger[];

  beforeAll(async () => {
    fixture = await LedgerFixture.create();
    instances = await Promise.all(Array.from({ length: 4 }, () => fixture.ledger()));
  });
  afterAll(() => fixture?.drop());

  const purge = (ledger: PostgresLedger, limit: number) => ledger.purge({ service: SERVICE, retentionMs: 0, limit });

  it('never deadlocks, and leaves no branch without its transaction', async () => {
    const [first, second, third, fourth] = instances as [
      PostgresLedger,
      PostgresLedger,
      PostgresLedger,
      PostgresLedger,
    ];
    let removed = 0;
    let begunAgain = 0;
    for (let round = 0; round < 60; round++) {
      const keys = Array.from({ length: 20 }, (_, index) => `${round}/${index}`);
      const settled = keys.map((key) => aBegin({ key, branches: [aBranch(), aBranch({ seq: 2 })] }));
      const xids = settled.map(({ xid }) => xid);
      await first.flush(aBatch({ begins: settled }));
      await first.flush(aBatch({ decides: xids.map((xid) => aDecision(xid)) }));
      const leases = xids.map((xid) => ({ xid, owner: OWNER, epoch: 1 }));
      const settles = leases.map((lease) => ({ ...lease, seqs: [1, 2] }));
      await first.flush(aBatch({ settles }));
      // A deadlock would be a LedgerFailure `conflict`, which rejects here. The same keys are taken while they are freed,
      // and what is removed is written to once more, in any order.
      const again = (): ReturnType<typeof aBegin>[] => shuffled(keys).map((key) => aBegin({ key }));
      const [one, two, flushed] = await Promise.all([
        purge(first, 7),
        purge(second, 10_000),
        third.flush(
          aBatch({
            begins: again(),
            registers: shuffled(xids.slice(10)).map((xid) => ({ xid, branches: [aBranch({ seq: 3 })] })),
            settles: shuffled(settles.slice(0, 10)),
          }),
        ),
        fourth.flush(aBatch({ begins: again(), decides: shuffled(xids).map((xid) => aDecision(xid)) })),
        fourth.renew(shuffled(leases), LONG_MS),
        second.handBack({ ...leases[0]!, settled: [1], setbacks: [], instance: 'i' }),
      ]);
      removed += one.removed + two.removed + (await purge(first, 10_000)).removed;
      begunAgain += flushed.begins.filter(({ answer }) => answer === 'done').length;
    }
    expect(removed).toBe(60 * 20);
    expect(begunAgain).toBeGreaterThan(0);
    const orphans = 'select b.xid from tcc_branch b left join tcc_transaction t on t.xid = b.xid where t.xid is null';
    expect(await fixture.rows(orphans)).toEqual([]);
    expect(await fixture.rows("select 1 from tcc_transaction where status <> 'trying'")).toEqual([]);
  });
});
