import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Try } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

@Injectable()
@Participant('card', { dataSource: false })
class Card {
  readonly calls: string[] = [];

  @Try({ timeLimit: '100ms' })
  async charge(): Promise<void> {
    this.calls.push('try');
  }
  @Confirm('charge')
  async capture(): Promise<void> {
    this.calls.push('confirm');
  }
  @Cancel('charge')
  async refund(): Promise<void> {
    this.calls.push('cancel');
  }
}

describe('a registration whose answer is heard after the deadline', () => {
  let databases: BankDatabases;
  let bank: BankApp | undefined;
  let other: BankApp | undefined;
  let answer: Gate;

  beforeAll(async () => {
    databases = await createBankDatabases();
  });
  beforeEach(() => {
    answer = new Gate();
  });
  afterEach(async () => {
    answer.open(); // a failed test must not keep its application from closing
    await bank?.close();
    await other?.close();
    bank = other = undefined;
  });
  afterAll(async () => databases?.drop());

  // Without barrier nobody refuses it later, and its cancel has been: what it reserved would be held for ever.
  it('starts no try without barrier', async () => {
    bank = await startBank(
      databases,
      { recovery: false, faults: (point) => (point === 'ledger.begin.done' ? answer.pass() : undefined) },
      [Card],
    );
    other = await startBank(databases, {}, [Card]);
    const card = bank.app.get(Card);
    const elsewhere = other.app.get(Card);
    const run = bank.tcc.run({ name: 'late', timeout: '300ms' }, () => card.charge());
    run.catch(() => undefined);
    await answer.reached;
    await eventually(() => expect(elsewhere.calls).toEqual(['cancel']));
    answer.open();
    await expect(run).rejects.toMatchObject({ code: 'TCC_TIMED_OUT' });
    await bank.close();
    bank = undefined;
    expect(card.calls).toEqual([]);
  });
});
