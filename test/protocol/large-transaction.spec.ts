import { setImmediate as turn } from 'node:timers/promises';
import { noFaults } from '../../libs/tcc/src/core/fault-point.js';
import { GroupCommit } from '../../libs/tcc/src/ledger/group-commit.js';
import { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import type { LedgerBatch } from '../../libs/tcc/src/ledger/ledger.types.js';
import { aBegin, aBranch, LedgerFixture } from '../support/ledger-fixture.js';

const MIB = 1024 * 1024;
const BRANCHES = 160;
const args = JSON.stringify('x'.repeat(MIB / 8));

const weightOf = ({ begins, registers }: LedgerBatch): number =>
  [...begins, ...registers].flatMap(({ branches }) => branches).reduce((sum, branch) => sum + branch.args.length, 0);

describe('a transaction with more payload than fits into a flush', () => {
  let fixture: LedgerFixture;
  let ledger: PostgresLedger;
  const batches: LedgerBatch[] = [];

  beforeAll(async () => {
    fixture = await LedgerFixture.create();
    ledger = await fixture.ledger();
  });
  afterAll(async () => fixture?.drop());

  it('is recorded over several flushes, each of which leaves the others room', async () => {
    const flush = async (batch: LedgerBatch): ReturnType<PostgresLedger['flush']> => {
      batches.push(batch);
      await turn();
      return ledger.flush(batch);
    };
    const commits = new GroupCommit({ flush }, { timeoutMs: 20_000, fault: noFaults });
    const large = aBegin({ branches: [aBranch({ args })] });
    const answers = [
      commits.begin(large),
      ...Array.from({ length: BRANCHES - 1 }, (_, index) =>
        commits.register({ xid: large.xid, branches: [aBranch({ seq: index + 2, args })] }),
      ),
    ];
    const small = aBegin();
    await commits.begin(small);
    await commits.register({ xid: small.xid, branches: [aBranch({ seq: 2 })] });
    // it needed two flushes, and has not waited for all of the large one
    expect(batches.length).toBeLessThanOrEqual(4);
    expect((await Promise.all(answers)).every(({ answer }) => answer === 'done')).toBe(true);
    expect(batches.every((batch) => weightOf(batch) <= 8 * MIB + args.length)).toBe(true);
    expect(batches.reduce((sum, batch) => sum + weightOf(batch), 0)).toBeGreaterThan(16 * MIB);
    expect((await ledger.branches(large.xid)).map(({ seq }) => seq)).toEqual(answers.map((_, index) => index + 1));
  });
});
