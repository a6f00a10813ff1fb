import { Injectable } from '@nestjs/common';
import { Message, Participant, Recovery, RetryLaterError, UnrecoverableError } from 'nestjs-tcc';
import pg from 'pg';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';

@Injectable()
@Participant('mail', { dataSource: 'south' })
class Mail {
  told = 0;

  @Message()
  async tell(): Promise<void> {
    this.told++;
  }
}

const HOUR_MS = 3_600_000;
const INITIAL_MS = 50;
const CAP_MS = 60_000;

/** Driving it sooner could do nothing but write to the ledger, for each such transaction, as often as it is due. */
describe('a branch that waits for another one of its transaction', () => {
  let databases: BankDatabases;
  let bank: BankApp;
  let ledger: pg.Client;

  beforeAll(async () => {
    databases = await createBankDatabases();
    const retry = { initial: INITIAL_MS, cap: CAP_MS };
    bank = await startBank(databases, { retry, recovery: false }, [Mail]);
    await bank.fund(['ann'], 1_000);
    ledger = new pg.Client(databases.ledger.url);
    await ledger.connect();
  });
  afterAll(async () => {
    await ledger?.end();
    await bank?.close();
    await databases?.drop();
  });

  /** In how many milliseconds recovery looks at a transaction again whose first branch fails like this. */
  async function dueAfter(error: Error, order: 'together' | 'sequence', next: () => Promise<unknown>): Promise<number> {
    bank.hooks.inConfirm = () => {
      throw error;
    };
    const xid = await bank.tcc.run({ name: 'blocked', order }, async () => {
      await bank.transfers.north.withdraw('ann', 1);
      await next();
      return bank.tcc.transaction.xid;
    });
    const { rows } = await ledger.query<{ due: number }>(
      'select (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as due from tcc_transaction where xid = $1',
      [xid],
    );
    return rows[0]!.due;
  }

  it.each([
    ['a message', 'together', () => bank.app.get(Mail).tell()],
    ['a later branch in sequence', 'sequence', () => bank.transfers.south.withdraw('ann', 1)],
  ] as const)('%s is not due before that one is', async (_, order, next) => {
    expect(await dueAfter(new RetryLaterError(HOUR_MS), order, next)).toBeGreaterThan(HOUR_MS - 30_000);
  });

  it('is called as soon as that one has settled, though that was sooner than expected', async () => {
    await dueAfter(new RetryLaterError(HOUR_MS), 'together', () => bank.app.get(Mail).tell());
    bank.hooks.inConfirm = () => undefined;
    const { told } = bank.app.get(Mail);
    await ledger.query(
      'update tcc_transaction set due_at = clock_timestamp() where xid in (select xid from tcc_branch where postponements > 0)',
    );
    await ledger.query('update tcc_branch set due_at = clock_timestamp() where postponements > 0');
    await bank.app.get(Recovery).runOnce();
    expect(bank.app.get(Mail).told).toBeGreaterThan(told);
  });

  it('is due after the longest pause when that one is parked', async () => {
    const due = await dueAfter(new UnrecoverableError('never'), 'together', () => bank.app.get(Mail).tell());
    expect(due).toBeGreaterThan(CAP_MS - 30_000);
    expect(due).toBeLessThanOrEqual(CAP_MS);
  });
});
